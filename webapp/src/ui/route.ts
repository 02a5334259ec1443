// Addresses of the pages: "/" and "/r/<room>".

export type Route = { view: 'home' } | { view: 'room'; room: string } | { view: 'unknown' };

/** Which page a path leads to. */
export function parsePath(path: string): Route {
  if (path === '/' || path === '/r' || path === '/r/') return { view: 'home' };
  const room = /^\/r\/([^/]+)\/?$/.exec(path)?.[1];
  if (room === undefined) return { view: 'unknown' };
  try {
    const name = tidy(decodeURIComponent(room));
    return roomProblem(name) ? { view: 'unknown' } : { view: 'room', room: name };
  } catch {
    return { view: 'unknown' }; // % without two hex digits behind it
  }
}

/** The path of a room. */
export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(tidy(room))}`;
}

/** The link to a room as others can open it: at the node's public URL, or where this page is. */
export function roomLink(room: string): string {
  const told = document.querySelector<HTMLMetaElement>('meta[name="parley-url"]')?.content;
  return (told || location.origin).replace(/\/+$/, '') + roomPath(room);
}

/** A name as the bridge will read it: composed, trimmed, inner white space collapsed. */
export function tidy(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/g, ' ');
}

const longestRoom = 64; // characters
// Control characters, bidirectional overrides and isolates, and what would break the path.
const refused = /[\p{Cc}\p{Cs}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069/\\]/u;

/** Why a tidy name makes no room, as far as the page can tell; the bridge has the last word. */
export function roomProblem(name: string): 'empty' | 'long' | 'refused' | undefined {
  if (name === '') return 'empty';
  if ([...name].length > longestRoom) return 'long';
  // Browsers resolve /r/. and /r/.. away before anybody sees them.
  if (refused.test(name) || name === '.' || name === '..') return 'refused';
  return undefined;
}
