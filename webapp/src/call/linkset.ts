// All links of this page. In: each State of the call, messages of far ends, tracks to send. Out:
// links that open and close, pictures and reach of people, sound, and the words ready and stuck.
// What decides is in links.ts, tiles.ts, ready.ts and adapt.ts; this file carries it out.

import { type Strain, strain, tuning, unstrained } from './adapt';
import { type Link, type LinkPort, type LinkSource, MeshLink, type Negotiation } from './link';
import { type WantedLink, keyOf, reconcile, wantedLinks } from './links';
import { expected, isReady } from './ready';
import type { Event } from './reduce';
import type { FromClient, Media } from './signal.gen';
import type { Person, Reach, Shown, State } from './state';
import { type Tile, arrange, best, emptyTile, isArranged, picturesOf } from './tiles';
import type { Kind, Tracks } from './wire';

/** Where the sound of people goes. */
export interface Ears {
  /** Plays this source of a person and no other; null: nothing any more. */
  hear(peer: string, kind: Kind, source: LinkSource | null): void;
}

/** What a LinkSet needs around it. */
export interface LinkSetPort {
  send(message: FromClient): void;
  up(): boolean;
  tell(events: Event[]): void;
  ears: Ears;
}

const soonMillis = 100;
const laterMillis = 2000;
const pictureKinds = ['camera', 'screen'] as const;

/** The links of a page. */
export class LinkSet {
  private links: Link[] = [];
  private strains = new Map<Link, Strain>();
  private tiles = new Map<string, Tile>(); // by peer and kind
  private heard = new Map<string, LinkSource>(); // by peer and kind
  private tracks: Tracks = { microphone: null, camera: null, screen: null, screenSound: null };
  private shown: readonly Shown[] | null = null; // null: the page has not said
  private state: State | null = null;
  private self: string | undefined;
  private orders = 0;
  private saidReady = 0; // epoch
  private saidStuck = new Set<string>(); // epoch and peer
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looking = false;

  constructor(private readonly port: LinkSetPort) {}

  /** Follows the State: opens and closes what it asks for. */
  update(state: State): void {
    this.state = state;
    const { plan, self } = state;
    if (state.phase === 'ended' || state.phase === 'lobby') return this.close();
    if (state.phase !== 'room' || plan === undefined || self === undefined) return;
    if (this.self !== self) this.close(); // came in as somebody else
    this.state = state;
    this.self = self;
    const hold = { epoch: plan.epoch, settled: state.settled, members: state.people, self };
    const todo = reconcile(wantedLinks(plan, state.people, self), this.links, hold);
    for (const link of todo.close) this.drop(link);
    const count = this.links.length;
    for (const link of todo.open) this.open(link);
    for (const link of this.links) {
      const far = state.people.find((person) => person.peer === link.far);
      if (far) link.reachable(far.present);
    }
    if (todo.close.length > 0 || this.links.length > count) this.tuneAll();
    this.refresh();
  }

  /** Takes what a far end says. */
  receive(message: Negotiation): void {
    for (const link of this.links) {
      if (link.far === message.from) link.receive(message);
    }
  }

  /** Sends another track of a kind on every link. */
  put(kind: Kind, track: MediaStreamTrack | null): void {
    if (this.tracks[kind] === track) return;
    this.tracks = { ...this.tracks, [kind]: track };
    for (const link of this.links) link.put(kind, track);
    if (kind === 'camera') this.tuneAll();
  }

  /** Takes what is shown at which size. */
  view(tiles: readonly Shown[]): void {
    this.shown = tiles;
    for (const link of this.links) link.view(tiles);
  }

  /** Signaling or the network is back. */
  hurry(): void {
    for (const link of this.links) link.hurry();
  }

  /** A ready that was said while signaling was down is said again. */
  sayAgain(): void {
    this.saidReady = 0;
    this.saidStuck.clear();
  }

  /** Closes every link. */
  close(): void {
    for (const link of this.links) link.close();
    for (const source of this.heard.values()) this.port.ears.hear(source.peer, source.kind, null);
    clearTimeout(this.timer);
    this.timer = undefined;
    this.links = [];
    this.strains.clear();
    this.tiles.clear();
    this.heard.clear();
    this.self = undefined;
    this.sayAgain();
  }

  private open(wanted: WantedLink): void {
    if (wanted.far === undefined || wanted.page === undefined) return;
    const link: Link = new MeshLink(wanted.far, wanted.page, wanted.offer, this.linkPort());
    this.links.push(link);
    this.strains.set(link, unstrained(Date.now()));
    if (this.shown) link.view(this.shown);
    link.open();
  }

  private linkPort(): LinkPort {
    return {
      send: (message) => this.port.send(message),
      up: () => this.port.up(),
      epoch: () => this.state?.plan?.epoch ?? 0,
      tracks: () => this.tracks,
      order: () => ++this.orders,
      changed: () => this.refresh(),
    };
  }

  private drop(link: Link): void {
    this.links = this.links.filter((one) => one !== link);
    this.strains.delete(link);
    link.close();
  }

  // Brings everything that follows from the links up to date, and looks again when it may change.
  private refresh(): void {
    const { state } = this;
    if (state?.phase !== 'room' || this.self === undefined) return;
    const sources = this.links.flatMap((link) => link.sources());
    const news: Event[] = [];
    for (const person of state.people) {
      if (person.self) continue;
      const of = (kind: Kind): LinkSource[] =>
        sources.filter((source) => source.peer === person.peer && source.kind === kind);
      for (const kind of pictureKinds) news.push(...this.show(person, kind, of(kind)));
      this.hear(person.peer, 'microphone', of('microphone'));
      if (person.media.screen === 'on') this.hear(person.peer, 'screenSound', of('screenSound'));
      news.push(...this.reach(person));
    }
    this.forget(state.people);
    this.report(state);
    this.lookSoon(state, sources);
    if (news.length > 0) this.port.tell(news);
  }

  private show(person: Person, kind: 'camera' | 'screen', sources: LinkSource[]): Event[] {
    const key = `${person.peer} ${kind}`;
    const was = this.tiles.get(key) ?? emptyTile;
    if (was === emptyTile && person.media[kind] !== 'on') return []; // nothing to be seen yet
    const tile = arrange(was, sources, Date.now());
    if (tile === was) return [];
    this.tiles.set(key, tile);
    return [{ type: 'pictures', peer: person.peer, kind, pictures: picturesOf(tile) }];
  }

  private hear(peer: string, kind: Kind, sources: LinkSource[]): void {
    const key = `${peer} ${kind}`;
    const was = this.heard.get(key) ?? null;
    const source = best(was, sources);
    if (source === null || source.id === was?.id) return;
    this.heard.set(key, source);
    this.port.ears.hear(peer, kind, source);
  }

  private reach(person: Person): Event[] {
    const links = this.links.filter((link) => link.far === undefined || link.far === person.peer);
    const order: Reach[] = ['connected', 'reconnecting', 'connecting', 'stuck'];
    const reach = order.find((one) => links.some((link) => link.reach === one)) ?? 'connecting';
    return reach === person.reach ? [] : [{ type: 'reach', peer: person.peer, reach }];
  }

  private forget(people: readonly Person[]): void {
    const here = new Set(people.map((person) => person.peer));
    for (const [key, source] of this.heard) {
      if (here.has(source.peer)) continue;
      this.heard.delete(key);
      this.port.ears.hear(source.peer, source.kind, null);
    }
    for (const key of this.tiles.keys()) {
      if (!here.has(key.split(' ')[0] ?? '')) this.tiles.delete(key);
    }
  }

  private report({ plan, people, self }: State): void {
    if (plan === undefined || self === undefined || !this.port.up()) return;
    const wanted = wantedLinks(plan, people, self);
    if (this.saidReady !== plan.epoch && isReady(wanted, people, (link, peer, kind) => this.decoded(link, peer, kind))) {
      this.saidReady = plan.epoch;
      this.port.send({ type: 'ready', epoch: plan.epoch });
    }
    for (const { far } of wanted) {
      const stuck = this.links.some((link) => link.far === far && link.reach === 'stuck');
      const word = `${plan.epoch} ${far ?? ''}`;
      if (far === undefined || !stuck || this.saidStuck.has(word)) continue;
      this.saidStuck.add(word);
      this.port.send({ type: 'stuck', epoch: plan.epoch, peer: far });
    }
  }

  private isUp(wanted: WantedLink): boolean {
    return this.find(wanted)?.reach === 'connected';
  }

  private find(wanted: WantedLink): Link | undefined {
    return this.links.find((link) => keyOf(link) === keyOf(wanted));
  }

  private decoded(wanted: WantedLink, peer: string, kind: keyof Media): boolean {
    return this.find(wanted)?.sources().some((source) => source.peer === peer && source.kind === kind && source.decoded) ?? false;
  }

  private lookSoon(state: State, sources: LinkSource[]): void {
    const { plan, people, self } = state;
    if (this.looking || this.links.length === 0 || plan === undefined || self === undefined) return;
    const wanted = wantedLinks(plan, people, self);
    const waiting = wanted.some((link) => this.isUp(link)
      && expected(link, people).some(({ peer, kind }) => !this.decoded(link, peer, kind)));
    const moving = [...this.tiles].some(([key, tile]) =>
      !isArranged(tile, sources.filter((source) => `${source.peer} ${source.kind}` === key)));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), waiting || moving ? soonMillis : laterMillis);
  }

  private async look(): Promise<void> {
    this.looking = true;
    await Promise.all(this.links.map((link) => link.look()));
    this.looking = false;
    for (const link of this.links) this.ease(link);
    this.refresh();
  }

  private ease(link: Link): void {
    const was = this.strains.get(link);
    if (was === undefined) return;
    const is = strain(was, link.limit, Date.now());
    this.strains.set(link, is);
    if (is.step !== was.step) this.tune(link);
  }

  private tuneAll(): void {
    for (const link of this.links) this.tune(link);
  }

  private tune(link: Link): void {
    const { width = 1280, height = 720 } = this.tracks.camera?.getSettings() ?? {};
    const far = (this.state?.people.length ?? 2) - 1;
    link.tune(tuning({ width, height }, far, this.strains.get(link)?.step ?? 0));
  }
}
