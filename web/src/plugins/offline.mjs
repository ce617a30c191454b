export default function offline() {
  return { name: 'course:offline', hooks: {} };
}
