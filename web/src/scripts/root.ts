/** The folder the site is served from, with its final slash. */
export const root = import.meta.env.BASE_URL.replace(/\/?$/, '/');
