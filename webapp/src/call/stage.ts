// What people see and hear of each other. In: the people, and all sources that open links bring. Out:
// pictures to be shown, and sound. tiles.ts decides which source is the one.

import type { Kind } from './kinds';
import type { LinkSource } from './link';
import type { Event } from './reduce';
import type { Person, Presented } from './state';
import { type Tile, arrange, best, emptyTile, isArranged, picturesOf, present } from './tiles';

/** Where the sound of people goes. */
export interface Ears {
  /** Plays this source of a person and no other; null: nothing any more. */
  hear(peer: string, kind: Kind, source: LinkSource | null): void;
}

const pictureKinds = ['camera', 'screen'] as const;

/** The tiles and voices of a room. */
export class Stage {
  private readonly tiles = new Map<string, Tile>(); // by peer and kind
  private readonly heard = new Map<string, LinkSource>(); // by peer and kind

  constructor(private readonly ears: Ears) {}

  /** Brings everything up to date, and says what changed. */
  update(people: readonly Person[], sources: readonly LinkSource[], now: number): Event[] {
    const news: Event[] = [];
    for (const person of people) {
      if (person.self) continue;
      const of = (kind: Kind): LinkSource[] =>
        sources.filter((source) => source.peer === person.peer && source.kind === kind);
      for (const kind of pictureKinds) news.push(...this.show(person, kind, of(kind), now));
      this.hear(person.peer, 'microphone', of('microphone'));
      this.hear(person.peer, 'screenSound', person.media.screen === 'on' ? of('screenSound') : null);
    }
    this.forget(people);
    return news;
  }

  /** Takes note of a frame that was presented; true if that may change what is in front. */
  presented({ peer, kind, stream, captured }: Presented, now: number): boolean {
    const key = `${peer} ${kind}`;
    const tile = this.tiles.get(key);
    if (tile === undefined) return false;
    this.tiles.set(key, present(tile, stream, captured, now));
    return tile.slots[tile.front]?.stream !== stream;
  }

  /** Whether a tile is about to change: look again soon. */
  isMoving(sources: readonly LinkSource[]): boolean {
    return [...this.tiles].some(([key, tile]) =>
      !isArranged(tile, sources.filter((source) => `${source.peer} ${source.kind}` === key)));
  }

  clear(): void {
    for (const { peer, kind } of this.heard.values()) this.ears.hear(peer, kind, null);
    this.heard.clear();
    this.tiles.clear();
  }

  private show(person: Person, kind: 'camera' | 'screen', sources: LinkSource[], now: number): Event[] {
    const key = `${person.peer} ${kind}`;
    const was = this.tiles.get(key) ?? emptyTile;
    if (was === emptyTile && person.media[kind] !== 'on') return []; // nothing to be seen yet
    const tile = arrange(was, sources, now);
    if (tile === was) return [];
    this.tiles.set(key, tile);
    return [{ type: 'pictures', peer: person.peer, kind, pictures: picturesOf(tile) }];
  }

  private hear(peer: string, kind: Kind, sources: LinkSource[] | null): void {
    const key = `${peer} ${kind}`;
    const was = this.heard.get(key) ?? null;
    const source = sources && best(was, sources);
    if (source?.id === was?.id) return;
    if (source) {
      this.heard.set(key, source);
      this.ears.hear(peer, kind, source);
    } else if (was && (sources === null || was.shared)) {
      // Nothing is to be heard any more, or what was heard may be somebody else by now.
      this.heard.delete(key);
      this.ears.hear(peer, kind, null);
    }
  }

  private forget(people: readonly Person[]): void {
    const here = new Set(people.map((person) => person.peer));
    for (const [key, { peer, kind }] of this.heard) {
      if (here.has(peer)) continue;
      this.heard.delete(key);
      this.ears.hear(peer, kind, null);
    }
    for (const key of this.tiles.keys()) {
      if (!here.has(key.split(' ')[0] ?? '')) this.tiles.delete(key);
    }
  }
}
