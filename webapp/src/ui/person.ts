// How a person looks without a camera, and how a tile is read out. Pure.

import type { Person } from '../call/state';
import type { PlainKey } from './text/catalogue';

/** How many colours avatars have; theme.css names as many. */
export const hues = 8;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One or two signs that stand for a name: "Ann Lee" AL, "김민준" 민준, "🦦" itself. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = signs(words[0] ?? '');
  // A Korean name is said without its family name, which comes first and is one syllable.
  if (words.length === 1 && first.length === 3 && first.every((sign) => /^\p{Script=Hangul}/u.test(sign))) {
    return first.slice(1).join('');
  }
  const last = words.length > 1 ? signs(words.at(-1) ?? '')[0] : undefined;
  return ((first[0] ?? '?') + (last ?? '')).toLocaleUpperCase();
}

function signs(word: string): string[] {
  return Array.from(graphemes.segment(word), (part) => part.segment);
}

/** Which colour a name has: the same on every page. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) >>> 0;
  return sum % hues;
}

/** What to say of the connection to a person; nothing when all is well. */
export function reachText(person: Pick<Person, 'reach' | 'present' | 'self'>): PlainKey | undefined {
  if (person.self) return undefined;
  if (person.reach === 'stuck') return 'tile.stuck';
  if (person.reach === 'connecting') return 'tile.connecting';
  if (person.reach === 'reconnecting') return 'tile.reconnecting';
  return person.present ? undefined : 'tile.away';
}

/** What to say of a person's microphone. */
export function microphoneText(media: Person['media']): PlainKey {
  if (media.microphone === 'on') return 'tile.unmuted';
  return media.microphone === 'off' ? 'tile.muted' : 'tile.noMicrophone';
}

/** The people in the order of their tiles: by seat, oneself last. */
export function inOrder(people: readonly Person[]): Person[] {
  return [...people].sort((a, b) => Number(a.self) - Number(b.self) || a.seat - b.seat);
}

/** Whether a tile shows the camera: it is on, and it comes. */
export function isSeen({ media, held }: Pick<Person, 'media' | 'held'>): boolean {
  return media.camera === 'on' && !held;
}

/** Whose screens are shown, those that began earlier first. One's own is not: it would show itself. */
export function sharing(before: readonly string[], people: readonly Person[]): string[] {
  const now = people.flatMap(({ peer, self, media }) => (!self && media.screen === 'on' ? [peer] : []));
  return [...before.filter((peer) => now.includes(peer)), ...now.filter((peer) => !before.includes(peer))];
}
