// A call as components see it: its State, and the news that are being told. The only place that
// subscribes to the call.

import type { Call, News, State } from '../call/state';

const toldFor = 6000; // ms that a piece of news stays to be read

/** Something that is being told. */
export interface Told {
  id: number;
  what: 'joined' | 'left' | 'gone' | 'shares' | 'shared';
  label: string; // who
}

export class Session {
  state = $state.raw<State>()!; // set by the first call of subscribe, which comes at once
  /** News on show, the oldest first. */
  news = $state.raw<Told[]>([]);

  readonly call: Call;
  readonly #unsubscribe: () => void;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #lastTold?: number; // of the call's news
  #nextId = 0;
  #screens = new Map<string, boolean>();

  constructor(call: Call) {
    this.call = call;
    this.#unsubscribe = call.subscribe((next) => this.#show(next));
  }

  /** Leaves the room if need be and lets go of everything. */
  close(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    this.call.close();
  }

  // Called on every change, not once per rendering: two people may join between two pictures.
  #show(next: State): void {
    const before = this.#screens;
    this.state = next;
    this.#screens = screensOf(next);
    this.#lastTold ??= next.news.at(-1)?.id ?? -1; // what was told before this page looked is no news
    for (const news of next.news) if (news.id > this.#lastTold) this.#pass(news);
    for (const { peer, label, self } of next.people) {
      const [was, is] = [before.get(peer), this.#screens.get(peer)];
      if (!self && was !== undefined && was !== is) this.#tell(is ? 'shares' : 'shared', label);
    }
  }

  #pass({ id, what, label }: News): void {
    this.#lastTold = id;
    // The line itself has no name: the connection's status says how it is.
    if (label !== undefined && what !== 'signaling-lost' && what !== 'signaling-back') this.#tell(what, label);
  }

  #tell(what: Told['what'], label: string): void {
    const told: Told = { id: this.#nextId++, what, label };
    this.news = [...this.news, told];
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.news = this.news.filter((other) => other !== told);
    }, toldFor);
    this.#timers.add(timer);
  }
}

/** Who is there, and whether they share a screen. */
function screensOf({ people }: State): Map<string, boolean> {
  return new Map(people.map(({ peer, media }) => [peer, media.screen === 'on']));
}

/** Whether an input gives, or is about to give, something: what its button turns off. */
export function isOn(input: State['camera']): boolean {
  return input.wanted && input.status !== 'failed';
}
