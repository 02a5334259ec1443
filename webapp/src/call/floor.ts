// Watches who speaks. In: how loud people are, several times a second. Out: an event when somebody
// begins or ends; speaking.ts decides.

import type { Event } from './reduce';
import { type Voice, listen, silent } from './speaking';
import type { Person } from './state';

/** What a Floor needs around it. */
export interface FloorPort {
  /** How loud a person is now, 0 to 1. */
  level(person: Person): number;
  tell(events: Event[]): void;
}

const everyMillis = 150;

/** The floor of a room. */
export class Floor {
  private people: readonly Person[] = [];
  private voices = new Map<string, Voice>();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly port: FloorPort) {}

  update(people: readonly Person[]): void {
    this.people = people;
    if (people.length > 0) this.timer ??= setInterval(() => this.listen(Date.now()), everyMillis);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.people = [];
    this.voices.clear();
  }

  private listen(now: number): void {
    const voices = new Map<string, Voice>();
    const news: Event[] = [];
    for (const person of this.people) {
      const was = this.voices.get(person.peer) ?? silent;
      const level = person.media.microphone === 'on' ? this.port.level(person) : 0;
      const is = listen(was, level, now);
      voices.set(person.peer, is);
      if (is.speaking !== person.speaking) news.push({ type: 'heard', peer: person.peer, speaking: is.speaking });
    }
    this.voices = voices;
    if (news.length > 0) this.port.tell(news);
  }
}
