// The language in force and the function that components take their texts from.

import { recall, remember } from '../remember';
import { catalogue, fill, pickLanguage, type Filling, type Language } from './catalogue';
import type { Key } from './en';

let current = $state<Language>('en');

/** Speaks the language that the address asks for, else the remembered one, else the browser's. */
export function startLanguage(query: URLSearchParams, browser: readonly string[]): void {
  show(pickLanguage([query.get('lang'), recall('language'), ...browser]));
}

/** Changes the language for good: it is remembered, and a wish in the address gives way to it. */
export function setLanguage(next: Language): void {
  remember('language', next);
  const address = new URL(location.href);
  if (address.searchParams.has('lang')) {
    address.searchParams.delete('lang');
    history.replaceState(history.state, '', address);
  }
  show(next);
}

export function language(): Language {
  return current;
}

/** The text of a key, filled in. Components that call it follow a change of language by themselves. */
export function t<K extends Key>(key: K, ...filling: Filling<K>): string {
  return fill(catalogue[current][key], filling[0]);
}

function show(next: Language): void {
  current = next;
  document.documentElement.lang = next;
}
