// Made from bridge/signal by `just gen`. Do not edit.

export const version = 1;

export type MediaState = 'on' | 'off' | 'none';

export type Code = 'version' | 'malformed' | 'unknown' | 'too-large' | 'too-often' | 'order' | 'no-peer' | 'relay' | 'bad-name' | 'bad-room' | 'bad-setting' | 'locked' | 'password' | 'try-later' | 'full' | 'exists' | 'bad-pass' | 'floor' | 'replaced' | 'slow' | 'quiet' | 'restarting' | 'internal';

export interface Media {
  microphone: MediaState;
  camera: MediaState;
  screen: MediaState;
}

export interface Settings {
  password?: string;
  max?: number;
  meshMax?: number;
}

export interface Hello {
  version: number;
  room: string;
  name: string;
  page: string;
  media: Media;
  password?: string;
  settings?: Settings;
  pass?: string;
  snapshot?: string;
  epoch?: number;
}

export interface Plan {
  epoch: number;
  home: string;
  mode: 'mesh' | 'relay';
  relays: string[];
  warm: boolean;
  lacking: boolean;
}

export interface Member {
  peer: string;
  name: string;
  page: string;
  seat: number;
  relay?: string;
  present: boolean;
  media: Media;
}

export interface ICEServer {
  urls: string[];
  username: string;
  credential: string;
}

export interface Welcome {
  version: number;
  self: string;
  pass: string;
  node: string;
  room: string;
  plan: Plan;
  members: Member[];
  snapshot: string;
  max: number;
  locked: boolean;
  resumed: boolean;
  ice?: ICEServer[];
  codec?: 'vp8' | 'vp9' | 'av1';
}

export interface Planned {
  plan: Plan;
}

export interface Joined {
  member: Member;
}

export interface Changed {
  member: Member;
}

export interface Left {
  peer: string;
  why: 'left' | 'gone' | 'evicted';
}

export interface SetMedia {
  media: Media;
}

export interface Describe {
  epoch: number;
  to?: string;
  from?: string;
  page?: string;
  link: string;
  kind: 'offer' | 'answer';
  sdp: string;
}

export interface Candidate {
  to?: string;
  from?: string;
  page?: string;
  link: string;
  candidate: string;
  mline: number;
}

export interface Restart {
  to?: string;
  from?: string;
  page: string;
  link: string;
}

export interface Ready {
  epoch: number;
}

export interface Stuck {
  epoch: number;
  peer: string;
}

export interface Settled {
  epoch: number;
  stuck: string[];
}

export interface Snapshot {
  snapshot: string;
}

export interface ICE {
  servers: ICEServer[];
}

export interface Ping {
}

export interface Pong {
}

export interface Leave {
}

export interface Fault {
  code: Code;
  text: string;
  of?: string;
  fatal: boolean;
}

export type FromClient =
  | ({ type: 'hello' } & Hello)
  | ({ type: 'media' } & SetMedia)
  | ({ type: 'describe' } & Describe)
  | ({ type: 'candidate' } & Candidate)
  | ({ type: 'restart' } & Restart)
  | ({ type: 'ready' } & Ready)
  | ({ type: 'stuck' } & Stuck)
  | ({ type: 'ping' } & Ping)
  | ({ type: 'pong' } & Pong)
  | ({ type: 'leave' } & Leave);

export type FromServer =
  | ({ type: 'welcome' } & Welcome)
  | ({ type: 'planned' } & Planned)
  | ({ type: 'joined' } & Joined)
  | ({ type: 'changed' } & Changed)
  | ({ type: 'left' } & Left)
  | ({ type: 'describe' } & Describe)
  | ({ type: 'candidate' } & Candidate)
  | ({ type: 'restart' } & Restart)
  | ({ type: 'settled' } & Settled)
  | ({ type: 'snapshot' } & Snapshot)
  | ({ type: 'ice' } & ICE)
  | ({ type: 'ping' } & Ping)
  | ({ type: 'pong' } & Pong)
  | ({ type: 'fault' } & Fault);
