// All links of this page. In: each State of the call, messages of far ends, tracks to send. Out:
// links that open and close, what they bring to the stage, reach of people, and the words ready and
// stuck. What decides is in links.ts, ready.ts and adapt.ts; this file carries it out.

import { type Strain, strain, tuning, unstrained } from './adapt';
import { Floor } from './floor';
import type { Kind, Tracks } from './kinds';
import type { Link, LinkPort, LinkSource, Negotiation } from './link';
import { type Hold, type WantedLink, carries, keyOf, reconcile, wantedLinks } from './links';
import { MeshLink } from './meshlink';
import { Meter } from './meter';
import { expected, isReady } from './ready';
import type { Event } from './reduce';
import { RelayLink } from './relaylink';
import type { FromClient, Media } from './signal.gen';
import { type Ears, Stage } from './stage';
import type { Person, Presented, Reach, RelayReach, Shown, State } from './state';

/** What a LinkSet needs around it. */
export interface LinkSetPort {
  send(message: FromClient): void;
  up(): boolean;
  tell(events: Event[]): void;
  ears: Ears;
  /** How loud a person is heard to be, 0 to 1. */
  level(peer: string): number;
}

// Links that the plan wants come before those that it does not want any more, whatever opened first.
const precedence = 1e9;
const soonMillis = 100;
const laterMillis = 2000;

/** The links of a page. */
export class LinkSet {
  private links: Link[] = [];
  private wanted: WantedLink[] = [];
  private carrying = new Set<Link>();
  private strains = new Map<Link, Strain>();
  private readonly stage: Stage;
  private readonly floor: Floor;
  private meter = new Meter<Link>();
  private tracks: Tracks = { microphone: null, camera: null, screen: null, screenSound: null };
  private servers: RTCIceServer[] = [];
  private shown: readonly Shown[] | null = null; // null: the page has not said
  private state: State | null = null;
  private self: string | undefined;
  private orders = 0;
  private saidReady = 0; // epoch
  private saidStuck = new Set<string>(); // epoch and peer
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = 0; // when the timer ends, ms
  private looking = false;

  constructor(private readonly port: LinkSetPort) {
    this.stage = new Stage(port.ears);
    this.floor = new Floor({ level: (person) => this.levelOf(person), tell: (events) => port.tell(events) });
  }

  /** Follows the State: opens and closes what it asks for. */
  update(state: State): void {
    this.state = state;
    const { plan, self } = state;
    if (state.phase === 'ended' || state.phase === 'lobby') return this.close();
    if (state.phase !== 'room' || plan === undefined || self === undefined) return;
    if (this.self !== self) this.close(); // came in as somebody else
    this.state = state;
    this.self = self;
    this.wanted = wantedLinks(plan, state.people, self);
    const hold = { epoch: plan.epoch, settled: state.settled, members: state.people, self };
    const todo = reconcile(this.wanted, this.links, hold);
    for (const link of todo.close) this.drop(link);
    const count = this.links.length;
    for (const link of todo.open) this.open(link);
    for (const link of this.links) this.attend(link, state.people, hold);
    if (todo.close.length > 0 || this.links.length > count) this.tuneAll();
    this.floor.update(state.people);
    this.refresh();
  }

  /** Takes what a far end says. */
  receive(message: Negotiation): void {
    for (const link of this.links) link.receive(message);
  }

  /** A relay did not take a description. */
  refused(): void {
    for (const link of this.links) link.refused();
  }

  /** Sends another track of a kind on every link. */
  put(kind: Kind, track: MediaStreamTrack | null): void {
    if (this.tracks[kind] === track) return;
    this.tracks = { ...this.tracks, [kind]: track };
    for (const link of this.links) link.put(kind, track);
    if (kind === 'camera') this.tuneAll();
  }

  /** Takes ICE servers, for the links there are and for those to come. */
  help(servers: RTCIceServer[]): void {
    this.servers = servers;
    for (const link of this.links) link.help(servers);
  }

  /** Takes what is shown at which size. */
  view(tiles: readonly Shown[]): void {
    this.shown = tiles;
    for (const link of this.links) link.view(tiles);
    this.refresh();
  }

  /** Takes note of a frame that an element presented. */
  presented(frame: Presented): void {
    if (this.stage.presented(frame, Date.now())) this.refresh();
  }

  /** Signaling or the network is back. */
  hurry(): void {
    for (const link of this.links) link.hurry();
  }

  /** The others have let go of this page: what its links lead to is no more. Pictures stay until there are new ones. */
  letGo(): void {
    for (const link of this.links) if (link.far !== undefined) this.drop(link);
  }

  /** A ready that was said while signaling was down is said again. */
  sayAgain(): void {
    this.saidReady = 0;
    this.saidStuck.clear();
  }

  /** Closes every link. */
  close(): void {
    for (const link of this.links) link.close();
    this.stage.clear();
    this.floor.close();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.links = [];
    this.wanted = [];
    this.carrying.clear();
    this.strains.clear();
    this.meter = new Meter();
    this.self = undefined;
    this.sayAgain();
  }

  private open(wanted: WantedLink): void {
    const link = this.make(wanted);
    if (link === null) return;
    this.links.push(link);
    this.strains.set(link, unstrained(Date.now()));
    if (this.shown) link.view(this.shown);
    link.open();
  }

  private make({ far, page, relay, offer }: WantedLink): Link | null {
    if (relay !== undefined) return new RelayLink(relay, this.linkPort());
    if (far === undefined || page === undefined) return null;
    return new MeshLink(far, page, offer, this.linkPort());
  }

  private linkPort(): LinkPort {
    return {
      send: (message) => this.port.send(message),
      up: () => this.port.up(),
      servers: () => this.servers,
      epoch: () => this.state?.plan?.epoch ?? 0,
      tracks: () => this.tracks,
      order: () => ++this.orders,
      crowd: () => {
        const others = this.state?.people.filter((person) => !person.self) ?? [];
        return { people: others.length, screens: others.filter((person) => person.media.screen === 'on').length };
      },
      changed: () => this.refresh(),
    };
  }

  private attend(link: Link, people: readonly Person[], hold: Hold): void {
    const far = people.find((person) => person.peer === link.far);
    if (far) link.reachable(far.present);
    const carried = carries(this.wants(link), this.carrying.has(link), hold);
    if (carried) this.carrying.add(link);
    else this.carrying.delete(link);
    link.carry(carried);
  }

  private wants(link: Link): WantedLink | undefined {
    return this.wanted.find((wanted) => keyOf(wanted) === keyOf(link));
  }

  private drop(link: Link): void {
    this.links = this.links.filter((one) => one !== link);
    this.strains.delete(link);
    this.carrying.delete(link);
    link.close();
  }

  // Brings everything that follows from the links up to date, and looks again when it may change.
  private refresh(): void {
    const { state } = this;
    if (state?.phase !== 'room' || this.self === undefined) return;
    const sources = this.sources();
    const news = this.stage.update(state.people, sources, Date.now());
    for (const person of state.people) {
      if (!person.self) news.push(...this.reach(person), ...this.hold(person, sources));
    }
    news.push(...this.relayReach(state));
    this.report(state);
    this.lookSoon(state, sources);
    if (news.length > 0) this.port.tell(news);
  }

  private sources(): LinkSource[] {
    return this.links.flatMap((link) => {
      const first = this.wants(link)?.media === true ? precedence : 0;
      return link.sources().map((source) => ({ ...source, order: source.order + (source.stale ? 0 : first) }));
    });
  }

  private reach(person: Person): Event[] {
    const links = this.links.filter((link) => this.carrying.has(link) && (link.far === undefined || link.far === person.peer));
    const order: Reach[] = ['connected', 'reconnecting', 'connecting', 'stuck'];
    const reach = order.find((one) => links.some((link) => link.reach === one)) ?? 'connecting';
    return reach === person.reach ? [] : [{ type: 'reach', peer: person.peer, reach }];
  }

  // While an older link still brings the picture, nobody need know that the newer one does not yet.
  private hold(person: Person, sources: readonly LinkSource[]): Event[] {
    const links = this.links.filter((link) => this.carrying.has(link));
    const held = links.some((link) => link.holds(person.peer))
      && !links.some((link) => link.far === person.peer && link.reach === 'connected')
      && !sources.some((source) => source.stale && source.peer === person.peer);
    return held === person.held ? [] : [{ type: 'held', peer: person.peer, held }];
  }

  private relayReach(state: State): Event[] {
    const wanted = this.wanted.find((link) => link.relay !== undefined);
    const of: Record<Reach, RelayReach> = { connected: 'connected', stuck: 'stuck', connecting: 'connecting', reconnecting: 'connecting' };
    const reach = wanted ? of[this.find(wanted)?.reach ?? 'connecting'] : 'none';
    return reach === state.relayReach ? [] : [{ type: 'relay-reach', reach }];
  }

  private report({ plan, people }: State): void {
    if (plan === undefined || !this.port.up()) return;
    const connected = (link: WantedLink): boolean => this.find(link)?.reach === 'connected';
    const decoded = (link: WantedLink, peer: string, kind: keyof Media): boolean => this.served(link, peer, kind);
    if (this.saidReady !== plan.epoch && isReady(this.wanted, people, { connected, decoded })) {
      this.saidReady = plan.epoch;
      this.port.send({ type: 'ready', epoch: plan.epoch });
    }
    for (const { far } of this.wanted) {
      const stuck = this.links.some((link) => link.far === far && link.reach === 'stuck');
      const word = `${plan.epoch} ${far ?? ''}`;
      if (far === undefined || !stuck || this.saidStuck.has(word)) continue;
      this.saidStuck.add(word);
      this.port.send({ type: 'stuck', epoch: plan.epoch, peer: far });
    }
  }

  private find(wanted: WantedLink): Link | undefined {
    return this.links.find((link) => keyOf(link) === keyOf(wanted));
  }

  // Whether a link has brought what it was asked for, or is known not to be going to.
  private served(wanted: WantedLink, peer: string, kind: keyof Media): boolean {
    const link = this.find(wanted);
    if (link === undefined) return false;
    if (!link.brings(peer, kind)) return true;
    return link.sources().some((source) =>
      source.peer === peer && source.kind === kind && source.decoded && source.stale !== true);
  }

  private levelOf(person: Person): number {
    const told = this.links.map((link) => link.loudness().get(person.peer) ?? 0);
    return Math.max(this.port.level(person.peer), ...told);
  }

  private lookSoon(state: State, sources: readonly LinkSource[]): void {
    if (this.looking || this.links.length === 0) return;
    const waiting = this.wanted.some((link) => this.find(link)?.reach === 'connected'
      && expected(link, state.people).some(({ peer, kind }) => !this.served(link, peer, kind)));
    const wait = waiting || this.stage.isMoving(sources) ? soonMillis : laterMillis;
    // What is due sooner stays: with every picture that is presented this is called again.
    if (this.timer !== undefined && this.due <= Date.now() + wait) return;
    clearTimeout(this.timer);
    this.due = Date.now() + wait;
    this.timer = setTimeout(() => void this.look(), wait);
  }

  private async look(): Promise<void> {
    this.timer = undefined;
    this.looking = true;
    await Promise.all(this.links.map((link) => link.look()));
    this.looking = false;
    for (const link of this.links) this.ease(link);
    const { up, down } = this.meter.read(this.links.filter((link) => link.far !== undefined), Date.now());
    if (up > 0) for (const link of this.links) link.report(up, down);
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
    const far = this.links.filter((one) => one.far !== undefined).length;
    link.tune(tuning({ width, height }, far, this.strains.get(link)?.step ?? 0));
  }
}
