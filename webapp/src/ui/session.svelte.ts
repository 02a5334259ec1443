// A call as components see it: its State, and the news that are being told. The only place that
// subscribes to the call.

import type { Call, News, State } from '../call/state';

const toldFor = 6000; // ms that a piece of news stays to be read

export class Session {
  state = $state.raw<State>()!; // set by the first call of subscribe, which comes at once
  /** News on show, the oldest first. */
  news = $state.raw<News[]>([]);

  readonly call: Call;
  readonly #unsubscribe: () => void;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #lastTold?: number;

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
    this.state = next;
    this.#lastTold ??= next.news?.id ?? -1; // what was told before this page looked is no news
    if (next.news && next.news.id > this.#lastTold) this.#tell(next.news);
  }

  #tell(news: News): void {
    this.#lastTold = news.id;
    if (news.label === undefined) return; // the line itself: the connection's status says it
    this.news = [...this.news, news];
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.news = this.news.filter((other) => other !== news);
    }, toldFor);
    this.#timers.add(timer);
  }
}

/** Whether an input gives, or is about to give, something: what its button turns off. */
export function isOn(input: State['camera']): boolean {
  return input.wanted && input.status !== 'failed';
}
