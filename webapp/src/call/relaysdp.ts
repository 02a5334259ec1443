// What is changed in the descriptions between this browser and a relay, and read from them. Pure.

// What the relay speaks (relay/PROTOCOL.md); browsers offer two dozen codecs more in every m-line, and
// with many slots that would not fit into a message of the bridge.
const spoken = [/^opus\/48000\/2$/i, /^VP8\/90000$/i, /^VP9\/90000$/i, /^AV1\/90000$/i];
const extensions = new Set([
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'urn:3gpp:video-orientation',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
]);
const ofType = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /;
// The relay learns the candidates from the checks.
const needless = /^a=(?:candidate:|end-of-candidates|rtcp-xr:|rtcp:|msid-semantic:)/;

/** An offer with what a relay makes use of. */
export function slim(offer: string): string {
  return offer.split(/(?=^m=)/m).map((section) => slimSection(section)).join('');
}

function slimSection(section: string): string {
  const lines = section.split('\r\n');
  const [head = ''] = lines;
  if (!/^m=(?:audio|video) /.test(head)) return lines.filter((line) => !needless.test(line)).join('\r\n');
  const kept = keptTypes(lines);
  return lines.flatMap((line, n) => {
    if (n === 0) return [line.split(' ').filter((word, at) => at < 3 || kept.has(word)).join(' ')];
    const type = ofType.exec(line)?.[1];
    if (needless.test(line) || (type !== undefined && !kept.has(type))) return [];
    if (line.startsWith('a=extmap:') && !extensions.has(line.split(' ')[1] ?? '')) return [];
    // A layer that is paused at the moment is offered all the same.
    return [line.startsWith('a=simulcast:') ? line.replaceAll('~', '') : line];
  }).join('\r\n');
}

function keptTypes(lines: readonly string[]): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const line of lines) {
    const [, type = '', codec = ''] = /^a=rtpmap:(\d+) (.*)$/.exec(line) ?? [];
    if (spoken.some((one) => one.test(codec)) && !otherProfile(lines, type)) kept.add(type);
  }
  for (const line of lines) {
    const [, type = '', repaired = ''] = /^a=fmtp:(\d+) apt=(\d+)/.exec(line) ?? [];
    if (kept.has(repaired)) kept.add(type);
  }
  return kept;
}

// VP9 comes in profiles; everybody has 0.
function otherProfile(lines: readonly string[], type: string): boolean {
  return lines.some((line) => new RegExp(`^a=fmtp:${type} .*profile-id=[1-9]`).test(line));
}

/** Who answered: a relay that was started anew is another one, and knows nothing of the connection. */
export function fingerprintOf(sdp: string): string {
  return /^a=fingerprint:(.*)$/m.exec(sdp)?.[1]?.trim() ?? '';
}
