// What this browser keeps of its visitor between visits. Browsers may refuse to keep anything; the
// pages work without it.

const prefix = 'parley.';

/** What may be kept, by name. */
export type Kept = 'language' | 'name' | 'rooms' | 'shortcuts';

export function recall(what: Kept): string | null {
  try {
    return localStorage.getItem(prefix + what);
  } catch {
    return null; // storage is blocked
  }
}

export function remember(what: Kept, value: string): void {
  try {
    if (value === '') localStorage.removeItem(prefix + what);
    else localStorage.setItem(prefix + what, value);
  } catch {
    // Storage is blocked or full: the value lasts as long as the page.
  }
}

const mostRooms = 6;

/** Rooms visited from this browser, the latest first. */
export function recentRooms(): string[] {
  return readRooms(recall('rooms'));
}

export function visited(room: string): void {
  remember('rooms', JSON.stringify(withRoom(recentRooms(), room)));
}

export function forgetRooms(): void {
  remember('rooms', '');
}

/** Reads a kept list; whatever is no list of names counts as empty. */
export function readRooms(kept: string | null): string[] {
  try {
    const list: unknown = JSON.parse(kept ?? '[]');
    return Array.isArray(list) ? list.filter((room): room is string => typeof room === 'string').slice(0, mostRooms) : [];
  } catch {
    return [];
  }
}

/** Puts a room first. Rooms compare without regard to case, as the bridge does. */
export function withRoom(rooms: string[], room: string): string[] {
  const others = rooms.filter((other) => other.toLowerCase() !== room.toLowerCase());
  return [room, ...others].slice(0, mostRooms);
}
