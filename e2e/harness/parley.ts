// What a test starts with: a program, and people who open its pages. At the end of each test every page
// must have been quiet: no console error, no page error, no policy report, nothing that was not found.

import { test as plain, type BrowserContext, type Page } from '@playwright/test';
import { Browsers, type Kind } from './browsers';
import { Complaints } from './complaints';
import { Person } from './person';
import { watchConnections } from './probe/connections';
import { become, type Persona } from './probe/persona';
import { watchPictures } from './probe/pictures';
import { watchSound } from './probe/sound';
import { Program } from './program';

export { expect } from '@playwright/test';

export interface Arrival {
  path?: string; // what is opened; the test's room unless given
  url?: string; // of the program, where it is not the test's own
  lang?: string; // of the page; en unless given, '' lets the browser choose
  locale?: string; // of the browser
  kind?: Kind; // of browser
  size?: { width: number; height: number };
  persona?: Persona | null; // the next one unless given; null: what the browser's devices give
  context?: BrowserContext; // a further tab beside others
}

/** Hue in degrees and tone in Hz of up to five people, far enough apart to be told from each other. */
export const personas: readonly Persona[] = [
  { hue: 0, tone: 400 },
  { hue: 120, tone: 700 },
  { hue: 240, tone: 1000 },
  { hue: 60, tone: 1300 },
  { hue: 300, tone: 1600 },
];

export class People {
  readonly complaints = new Complaints();
  private readonly contexts: BrowserContext[] = [];
  private personas = 0; // given out

  constructor(
    private readonly browsers: Browsers,
    private readonly program: () => Promise<Program>,
  ) {}

  /** Opens the page of the room: the person is in the lobby then. */
  async arrive(name: string, how: Arrival = {}): Promise<Person> {
    const context = how.context ?? (await this.context(how));
    const page = await context.newPage();
    const site = how.url ?? (await this.program()).url;
    await page.goto(address(site, how));
    return new Person(name, page, context);
  }

  /** Opens the page of the room and joins. */
  async join(name: string, how: Arrival = {}): Promise<Person> {
    const person = await this.arrive(name, how);
    await person.join();
    return person;
  }

  private async context(how: Arrival): Promise<BrowserContext> {
    const browser = await this.browsers.get(how.kind ?? 'usual');
    const context = await browser.newContext({
      viewport: how.size ?? { width: 640, height: 480 },
      locale: how.locale ?? 'en-US',
    });
    this.adopt(context);
    const usual = how.kind && how.kind !== 'usual' ? null : personas[this.personas++ % personas.length]!;
    await prepare(context, how.persona === undefined ? usual : how.persona);
    return context;
  }

  /** Watches a context that a test made by itself, and closes it with the others. */
  adopt(context: BrowserContext): void {
    this.contexts.push(context);
    context.on('page', (page: Page) => this.complaints.watch(page));
  }

  async close(): Promise<void> {
    await this.complaints.collect();
    await Promise.all(this.contexts.map((context) => context.close()));
  }
}

/** Puts the probe into every page of a context. */
export async function prepare(context: BrowserContext, persona: Persona | null): Promise<void> {
  await context.addInitScript(watchConnections);
  await context.addInitScript(watchPictures);
  await context.addInitScript(watchSound);
  if (persona) await context.addInitScript(become, persona);
}

function address(site: string, how: Arrival): string {
  const url = new URL(how.path ?? '/r/room', site);
  const lang = how.lang ?? 'en';
  if (lang) url.searchParams.set('lang', lang);
  return url.href;
}

interface Fixtures {
  flags: string[]; // of the program
  program: Program;
  people: People;
}

export const test = plain.extend<Fixtures, { browsers: Browsers }>({
  browsers: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const browsers = new Browsers();
      await use(browsers);
      await browsers.close();
    },
    { scope: 'worker' },
  ],
  flags: [[], { option: true }],
  program: async ({ flags }, use, info) => {
    const program = await Program.start({ flags });
    await use(program);
    await program.stop();
    if (info.status !== info.expectedStatus) await info.attach('parley.log', { body: program.log });
  },
  people: async ({ browsers, program }, use) => {
    const people = new People(browsers, () => Promise.resolve(program));
    await use(people);
    await people.close();
    people.complaints.check();
  },
});
