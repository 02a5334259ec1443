// What flows on links.

/** The kinds of media, in the order of the m-lines on every link: the position gives the kind. */
export const kinds = ['microphone', 'camera', 'screen', 'screenSound'] as const;
/** One of them. */
export type Kind = (typeof kinds)[number];
/** What this page sends of each kind. */
export type Tracks = Readonly<Record<Kind, MediaStreamTrack | null>>;

/** Bytes since a connection began. */
export interface Traffic {
  sent: number;
  received: number;
}
