// Where a connection's estimate of its uplink begins. Chromium takes it from the description of the
// far end; by itself it begins at 300 kbit/s and needs 15 s for a large picture. Pure.

const codecs = /^(VP8|VP9|AV1|H264)\//i;

/** Writes the rate in kbit/s into every video codec of a description, in place of one that is there. */
export function withStartRate(sdp: string, kbps: number): string {
  return sdp.split(/(?=^m=)/m).map((section) => (section.startsWith('m=video') ? inSection(section, Math.round(kbps)) : section)).join('');
}

function inSection(section: string, kbps: number): string {
  const lines = section.split('\r\n');
  const wanted = `x-google-start-bitrate=${kbps}`;
  const described = new Set<string>();
  const out = lines.map((line) => {
    const [, type, parameters] = /^a=fmtp:(\d+) (.*)$/.exec(line) ?? [];
    if (type === undefined || parameters === undefined || !isVideo(lines, type)) return line;
    described.add(type);
    const kept = parameters.split(';').filter((one) => !one.trim().startsWith('x-google-start-bitrate='));
    return `a=fmtp:${type} ${[...kept, wanted].join(';')}`;
  });
  return out.flatMap((line) => {
    const type = /^a=rtpmap:(\d+) /.exec(line)?.[1];
    const bare = type !== undefined && !described.has(type) && isVideo(lines, type);
    return bare ? [line, `a=fmtp:${type} ${wanted}`] : [line];
  }).join('\r\n');
}

function isVideo(lines: readonly string[], type: string): boolean {
  const prefix = `a=rtpmap:${type} `;
  return lines.some((line) => line.startsWith(prefix) && codecs.test(line.slice(prefix.length)));
}
