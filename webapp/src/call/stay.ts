// A stay in a room as this tab remembers it, so that a reload goes straight back into the call.

import { parse, read, write } from './prefs';

/** What brings a person back. Kept in sessionStorage: it belongs to one tab. */
export interface Stay {
  name: string;
  pass: string;
  snapshot: string;
  epoch: number; // the highest seen
}

// A tab that is opened again much later (browsers restore sessionStorage) starts in the lobby.
const freshMillis = 120_000;

const keyOf = (room: string): string => `parley.stay.${room.normalize('NFC').toLowerCase()}`;
const seenOf = (room: string): string => `${keyOf(room)}.seen`;

/** Reads the stay in a room, if it has only just been interrupted. */
export function readStay(storage: Storage | null, room: string, now: number): Stay | null {
  const { name, pass, snapshot, epoch } = parse(read(storage, keyOf(room)));
  const seen = Number(read(storage, seenOf(room)) ?? 0);
  if (typeof name !== 'string' || typeof pass !== 'string' || pass === '' || now - seen > freshMillis) return null;
  return { name, pass, snapshot: typeof snapshot === 'string' ? snapshot : '', epoch: typeof epoch === 'number' ? epoch : 0 };
}

/** Keeps a stay; null forgets it. */
export function writeStay(storage: Storage | null, room: string, stay: Stay | null): void {
  write(storage, keyOf(room), stay && JSON.stringify(stay));
  if (stay === null) write(storage, seenOf(room), null);
}

/** Notes that the stay goes on. */
export function touchStay(storage: Storage | null, room: string, now: number): void {
  write(storage, seenOf(room), String(now));
}
