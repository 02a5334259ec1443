// Asks the bridge about a room without entering it, for the home page and the lobby.

import type { Code } from './signal.gen';

/** What anybody may know of a room. */
export interface RoomInfo {
  open: boolean; // somebody is in it
  locked: boolean; // it wants a password
  full: boolean;
}

/** Looks a room up. A bridge that cannot be reached answers as fault `internal`. */
export async function lookUp(room: string): Promise<RoomInfo | { fault: Code }> {
  try {
    const answer = await fetch(`/api/room?name=${encodeURIComponent(room)}`, { cache: 'no-store' });
    const body: unknown = await answer.json();
    if (answer.ok && isRoomInfo(body)) return { open: body.open, locked: body.locked, full: body.full };
    return { fault: codeOf(body) ?? 'internal' };
  } catch {
    return { fault: 'internal' };
  }
}

function isRoomInfo(body: unknown): body is RoomInfo {
  return typeof body === 'object' && body !== null && 'open' in body && typeof body.open === 'boolean'
    && 'locked' in body && typeof body.locked === 'boolean' && 'full' in body && typeof body.full === 'boolean';
}

function codeOf(body: unknown): Code | undefined {
  const known = typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
  return known ? (body.code as Code) : undefined;
}
