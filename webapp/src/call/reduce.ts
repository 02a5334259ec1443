// The one place where the State changes: reduce(state, event) gives the next one. Pure; what must be
// done about a change is call.ts's business.

import { mediaOf, noPictures, peopleOf } from './people';
import type { Code, FromServer, Member, Plan } from './signal.gen';
import type { Input, News, Person, Pictures, Reach, RelayReach, Share, Speaker, State } from './state';

/** The messages of the bridge that say what the room is like. */
export type RoomMessage = Extract<
  FromServer,
  { type: 'welcome' | 'planned' | 'joined' | 'changed' | 'left' | 'settled' }
>;

/** Something that happened. */
export type Event =
  | { type: 'entering' } // asked to come in, or coming back after a reload
  | { type: 'refused'; fault: Code } // not let in: back to the lobby
  | { type: 'ended'; fault?: Code }
  | { type: 'again' }
  | { type: 'signaling'; up: boolean }
  | { type: 'room'; message: RoomMessage }
  | { type: 'reach'; peer: string; reach: Reach }
  | { type: 'pictures'; peer: string; kind: 'camera' | 'screen'; pictures: Pictures }
  | { type: 'heard'; peer: string; speaking: boolean }
  | { type: 'held'; peer: string; held: boolean }
  | { type: 'relay-reach'; reach: RelayReach }
  | { type: 'share'; share: Share }
  | { type: 'input'; kind: 'camera' | 'microphone'; input: Input }
  | { type: 'speaker'; speaker: Speaker }
  | { type: 'preview'; stream: MediaStream | null }
  | { type: 'sound'; blocked: boolean };

// After a gap in the signaling so many may have come and gone at once.
const newsKept = 16;

/** The State before anything has happened. */
export function firstState(room: string): State {
  const idle: Input = { wanted: true, status: 'off', list: [] };
  return {
    phase: 'lobby',
    room,
    locked: false,
    max: 0,
    signaling: 'up',
    people: [],
    microphone: idle,
    camera: idle,
    speaker: { list: [], selectable: false },
    screen: { possible: false, status: 'off' },
    relayReach: 'none',
    preview: null,
    soundBlocked: false,
    news: [],
  };
}

/** The next State. */
export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case 'entering':
      return { ...without(state, 'fault'), phase: 'joining' };
    case 'refused':
      return { ...outside(state), phase: 'lobby', fault: event.fault };
    case 'ended':
      return { ...outside(state), phase: 'ended', ...(event.fault ? { fault: event.fault } : {}) };
    case 'again':
      return { ...outside(state), phase: 'lobby' };
    case 'signaling':
      return signaling(state, event.up);
    case 'room':
      return inRoom(state, event.message);
    case 'reach':
      return withPerson(state, event.peer, (person) => ({ ...person, reach: event.reach }));
    case 'pictures':
      return withPerson(state, event.peer, (person) => ({ ...person, [event.kind]: event.pictures }));
    case 'heard':
      return withPerson(state, event.peer, (person) => ({ ...person, speaking: event.speaking }));
    case 'held':
      return withPerson(state, event.peer, (person) => ({ ...person, held: event.held }));
    case 'relay-reach':
      return { ...state, relayReach: event.reach };
    case 'share':
      return withOwnMedia({ ...state, screen: event.share });
    case 'input':
      return withOwnMedia({ ...state, [event.kind]: event.input });
    case 'speaker':
      return { ...state, speaker: event.speaker };
    case 'preview':
      return withOwnPicture({ ...state, preview: event.stream });
    case 'sound':
      return { ...state, soundBlocked: event.blocked };
  }
}

function inRoom(state: State, message: RoomMessage): State {
  switch (message.type) {
    case 'welcome':
      return welcomed(state, message);
    case 'planned':
      return withPlan(state, message.plan);
    case 'joined':
      return joined(state, message.member);
    case 'changed':
      return withMembers(state, members(state, message.member));
    case 'left':
      return left(state, message.peer, message.why);
    case 'settled':
      return { ...state, settled: { epoch: message.epoch, stuck: message.stuck } };
  }
}

function welcomed(state: State, message: Extract<RoomMessage, { type: 'welcome' }>): State {
  const same = state.self === message.self;
  const before = same ? state.people : [];
  const people = peopleOf(message.members, before, message.self);
  const next = withPlan(
    { ...without(state, 'fault'), phase: 'room', self: message.self, room: message.room, locked: message.locked, max: message.max, people },
    message.plan,
  );
  const inside = withOwnPicture(withOwnMedia(next));
  const back: State = state.phase === 'room' ? signaling(inside, true) : { ...inside, signaling: 'up' };
  if (!same || state.phase !== 'room') return back;
  const came = people.filter((person) => !before.some((was) => was.peer === person.peer));
  const went = before.filter((was) => !people.some((person) => person.peer === was.peer));
  const told = went.reduce((sum, { label }) => tell(sum, 'gone', label), back);
  return came.reduce((sum, { label }) => tell(sum, 'joined', label), told);
}

// The fence: a plan whose epoch is not higher than the one that is followed is an old one.
function withPlan(state: State, plan: Plan): State {
  return state.plan && plan.epoch <= state.plan.epoch ? state : { ...state, plan };
}

function joined(state: State, member: Member): State {
  const known = state.people.some((person) => person.peer === member.peer);
  const next = withMembers(state, members(state, member));
  if (known) return next;
  return tell(next, 'joined', next.people.find((person) => person.peer === member.peer)?.label);
}

function left(state: State, peer: string, why: 'left' | 'gone' | 'evicted'): State {
  const person = state.people.find((one) => one.peer === peer);
  if (!person || person.self) return state;
  const next = { ...state, people: state.people.filter((one) => one.peer !== peer) };
  return tell(next, why === 'gone' ? 'gone' : 'left', person.label);
}

function signaling(state: State, up: boolean): State {
  if (up === (state.signaling === 'up')) return state;
  const next: State = { ...state, signaling: up ? 'up' : 'down' };
  return state.phase === 'room' ? tell(next, up ? 'signaling-back' : 'signaling-lost') : next;
}

function members(state: State, changed: Member): Member[] {
  return [...state.people.filter((person) => person.peer !== changed.peer), changed];
}

function withMembers(state: State, list: Member[]): State {
  return withOwnMedia({ ...state, people: peopleOf(list, state.people, state.self) });
}

function withPerson(state: State, peer: string, change: (person: Person) => Person): State {
  return { ...state, people: state.people.map((person) => (person.peer === peer ? change(person) : person)) };
}

// What this page sends is known here first; the bridge's copy of it lags behind.
function withOwnMedia(state: State): State {
  if (state.self === undefined) return state;
  const media = mediaOf(state.microphone, state.camera, state.screen);
  return withPerson(state, state.self, (person) => ({ ...person, media }));
}

function withOwnPicture(state: State): State {
  if (state.self === undefined) return state;
  const camera: Pictures = state.preview ? { streams: [state.preview, null], front: 0 } : noPictures;
  return withPerson(state, state.self, (person) => ({ ...person, camera }));
}

function tell(state: State, what: News['what'], label?: string): State {
  const id = (state.news.at(-1)?.id ?? 0) + 1;
  return { ...state, news: [...state.news, { id, what, ...(label === undefined ? {} : { label }) }].slice(-newsKept) };
}

function outside(state: State): State {
  const { self: _self, plan: _plan, settled: _settled, fault: _fault, ...rest } = state;
  return { ...rest, people: [], signaling: 'up', relayReach: 'none', soundBlocked: false };
}

function without(state: State, key: 'fault'): State {
  const { [key]: _gone, ...rest } = state;
  return rest;
}
