/** «1 минута», «23 минуты», «25 минут»: the form a Russian noun takes after a number. */
export function plural(n: number, one: string, few: string, many: string): string {
  const tens = n % 100, units = n % 10;
  if (tens >= 11 && tens <= 14) return many;
  return units === 1 ? one : units >= 2 && units <= 4 ? few : many;
}
export const minutes = (n: number): string => `${n}\u00a0${plural(n, 'минута', 'минуты', 'минут')}`;
