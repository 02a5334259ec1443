// Where the visitor is. Pages change without a reload; the browser's back button works.

import { parsePath, type Route } from './route';

let current = $state.raw<Route>({ view: 'home' });

/** Reads the address and follows the browser's back and forward from now on. */
export function startNavigation(): void {
  const read = () => (current = parsePath(location.pathname));
  addEventListener('popstate', read);
  read();
}

export function route(): Route {
  return current;
}

/** Goes to a path. A language asked for by the address goes along. */
export function go(path: string): void {
  const language = new URLSearchParams(location.search).get('lang');
  history.pushState(null, '', language ? `${path}?lang=${encodeURIComponent(language)}` : path);
  current = parsePath(path);
}
