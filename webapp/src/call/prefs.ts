// What this browser remembers from one call to the next: devices, and whether they were on.

/** What is remembered of a camera or microphone. */
export interface InputPrefs {
  on: boolean;
  id?: string; // device id
}

/** Everything that is remembered. */
export interface Prefs {
  camera: InputPrefs;
  microphone: InputPrefs;
  speaker: { id?: string };
}

const key = 'parley.devices';

/** Reads what is remembered; whatever is missing or broken is as on the first day. */
export function readPrefs(storage: Storage | null): Prefs {
  const found = parse(read(storage, key));
  return {
    camera: inputPrefs(found['camera']),
    microphone: inputPrefs(found['microphone']),
    speaker: idOf(record(found['speaker'])),
  };
}

/** Remembers. A storage that is full or forbidden forgets, and that is all. */
export function writePrefs(storage: Storage | null, prefs: Prefs): void {
  write(storage, key, JSON.stringify(prefs));
}

/** A storage of the browser, or null where it is forbidden. */
export function storageOf(kind: 'localStorage' | 'sessionStorage'): Storage | null {
  try {
    return globalThis[kind];
  } catch {
    return null;
  }
}

/** Reads an entry. */
export function read(storage: Storage | null, name: string): string | null {
  try {
    return storage?.getItem(name) ?? null;
  } catch {
    return null;
  }
}

/** Writes an entry, or removes it. */
export function write(storage: Storage | null, name: string, value: string | null): void {
  try {
    if (value === null) storage?.removeItem(name);
    else storage?.setItem(name, value);
  } catch {
    // full or forbidden
  }
}

/** Parses an object out of what was stored; anything else is an empty one. */
export function parse(text: string | null): Record<string, unknown> {
  try {
    return record(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function inputPrefs(value: unknown): InputPrefs {
  const found = record(value);
  return { on: found['on'] !== false, ...idOf(found) };
}

function idOf(found: Record<string, unknown>): { id?: string } {
  return typeof found['id'] === 'string' && found['id'] !== '' ? { id: found['id'] } : {};
}
