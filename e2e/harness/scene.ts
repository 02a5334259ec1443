// A call that can be measured: people whose pictures tell the time, whose voices sweep, and whose pages film
// what they see and tape what they hear. Bots fill the room.

import type { Browsers } from './browsers';
import { personas, prepare, type People } from './parley';
import type { Person } from './person';
import { filmTiles, paintTime, readNumbers, type Film } from './probe/numbers';
import { recordSpeakers, sweepVoice, type Tape } from './probe/tape';

export interface Size {
  width: number;
  height: number;
}

const small: Size = { width: 320, height: 180 };

export class Scene {
  private count = 0;

  constructor(
    private readonly browsers: Browsers,
    private readonly people: People,
    private readonly scripts: readonly (() => void)[] = [], // run in the pages before the product does
    private readonly picture: Size = small,
  ) {}

  /** Opens the lobby of the room for one more person. */
  async arrive(name: string, lobby = '/r/room'): Promise<Person> {
    const persona = personas[this.count++ % personas.length]!;
    const context = await (await this.browsers.get('usual')).newContext({ viewport: { width: 800, height: 600 }, locale: 'en-US' });
    this.people.adopt(context);
    await context.addInitScript(paintTime, { ...this.picture, hue: persona.hue });
    await context.addInitScript(sweepVoice);
    await prepare(context, persona);
    await context.addInitScript(readNumbers);
    await context.addInitScript(filmTiles);
    await context.addInitScript(recordSpeakers);
    for (const script of this.scripts) await context.addInitScript(script);
    return this.people.arrive(name, { context, path: lobby });
  }

  async join(name: string): Promise<Person> {
    const person = await this.arrive(name);
    await person.join();
    return person;
  }
}

/** What a person has seen so far. */
export function filmOf(person: Person): Promise<Film> {
  return person.page.evaluate(() => window.film!);
}

/** What a person has heard so far. */
export function tapeOf(person: Person): Promise<Tape> {
  return person.page.evaluate(() => {
    const { start, levels } = window.tape!;
    return { start, levels: levels.map((level) => (Number.isNaN(level) ? -1 : Math.round(level * 1e5) / 1e5)) };
  });
}
