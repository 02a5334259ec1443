// Which languages there are, which one a visitor gets, and how a text is filled in. Pure: text.svelte.ts
// holds the choice.

import { en, type Key } from './en';
import { ko } from './ko';

/** The languages of the pages, each under its own name. */
export const languages = { en: 'English', ko: '한국어' } as const;

export type Language = keyof typeof languages;

export const catalogue: Record<Language, Record<Key, string>> = { en, ko };

function isLanguage(word: string): word is Language {
  return Object.hasOwn(languages, word);
}

/** The first of the wishes that there is, region left out ("ko-KR" is Korean); else English. */
export function pickLanguage(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const word = wish?.toLowerCase().split(/[-_]/)[0] ?? '';
    if (isLanguage(word)) return word;
  }
  return 'en';
}

/** The {names} in a text. */
export type HolesOf<Text extends string> = Text extends `${string}{${infer Hole}}${infer Rest}` ? Hole | HolesOf<Rest> : never;

/** The texts that are complete as they stand. */
export type PlainKey = { [K in Key]: [HolesOf<(typeof en)[K]>] extends [never] ? K : never }[Key];

/** What a text needs to be filled in; nothing where it has no {holes}. */
export type Filling<K extends Key> = [HolesOf<(typeof en)[K]>] extends [never]
  ? []
  : [holes: Record<HolesOf<(typeof en)[K]>, string | number>];

/** Puts values into the {holes} of a text. What the values hold stays as it is. */
export function fill(text: string, holes: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(holes, name) ? String(holes[name]) : whole));
}
