// Watches a page without a break while something happens to the call: are the tiles where they were,
// does each show a picture, is everybody heard?

import type { Person } from './person';

/** What was seen and heard at one moment. */
interface Moment {
  at: number; // ms
  order: string[]; // accessible names of the tiles, in their places
  blank: string[]; // names of those watched that show no picture
  tones: number[]; // of those listened to, that were heard
}

/** What can be said of all the moments. */
export interface Seen {
  moments: number;
  blank: string[]; // "name at ms", for each moment at which a tile that had a picture had none
  moved: boolean; // one of those watched changed its place among them
  silence: number; // the longest in ms during which one of the tones was not heard
}

declare global {
  interface Window {
    watched?: { timer: number; moments: Moment[] };
  }
}

/** Begins to watch these people, and to listen to these tones. */
export async function watch(person: Person, names: string[], tones: number[]): Promise<void> {
  await person.page.evaluate(
    ([watchedNames, wanted]) => {
      const moments: Moment[] = [];
      const look = async (): Promise<void> => {
        const tiles = [...document.querySelectorAll('[aria-label="Call"] [role="group"]')];
        const order = tiles.map((tile) => tile.getAttribute('aria-label') ?? '');
        const of = (name: string): Element | undefined => tiles.find((_, at) => order[at]!.startsWith(name));
        const at = performance.now();
        const looks = await Promise.all(watchedNames.map(async (name) => (of(name) ? (await window.probe.look(of(name)!)).width : 0)));
        const { peaks, floor } = await window.probe.hear(wanted);
        moments.push({
          at,
          order: order.filter((name) => watchedNames.some((one) => name.startsWith(one))),
          blank: watchedNames.filter((_, n) => looks[n] === 0),
          tones: wanted.filter((_, n) => peaks[n]! > -60 && peaks[n]! > floor + 20),
        });
      };
      window.watched = { moments, timer: window.setInterval(() => void look(), 100) };
    },
    [names, tones] as const,
  );
}

/** Ends it. */
export async function seen(person: Person, names: string[], tones: number[]): Promise<Seen> {
  const moments = await person.page.evaluate(() => {
    clearInterval(window.watched?.timer);
    return window.watched?.moments ?? [];
  });
  const places = new Set(moments.map(({ order }) => order.map((name) => names.findIndex((one) => name.startsWith(one))).join()));
  return {
    moments: moments.length,
    blank: moments.flatMap(({ at, blank }) => blank.map((name) => `${name} at ${Math.round(at)}`)),
    moved: places.size > 1,
    silence: Math.max(0, ...tones.map((tone) => longest(moments, (moment) => !moment.tones.includes(tone)))),
  };
}

function longest(moments: readonly Moment[], is: (moment: Moment) => boolean): number {
  let from: number | undefined;
  let most = 0;
  for (const moment of moments) {
    if (!is(moment)) from = undefined;
    else most = Math.max(most, moment.at - (from ??= moment.at));
  }
  return most;
}
