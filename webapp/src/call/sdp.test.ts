import { describe, expect, it } from 'vitest';
import { fingerprintOf, slim } from './relaysdp';
import { withStartRate } from './startrate';

const sdp = (...lines: string[]): string => [...lines, ''].join('\r\n');

describe('where an estimate begins', () => {
  const answer = sdp(
    'v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1',
    'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98', 'a=rtpmap:96 VP8/90000', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96',
    'a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=0;x-google-start-bitrate=300',
  );

  it('is written into each video codec once, and nowhere else', () => {
    expect(withStartRate(answer, 1275.4)).toBe(sdp(
      'v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1',
      'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98', 'a=rtpmap:96 VP8/90000', 'a=fmtp:96 x-google-start-bitrate=1275', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96',
      'a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=0;x-google-start-bitrate=1275',
    ));
  });

  it('can be written again, and changes nothing where there is no video', () => {
    expect(withStartRate(withStartRate(answer, 500), 900)).toBe(withStartRate(answer, 900));
    const sound = sdp('v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2');
    expect(withStartRate(sound, 500)).toBe(sound);
  });
});

describe('an offer for a relay', () => {
  const offer = sdp(
    'v=0', 'a=group:BUNDLE 0 1 4', 'a=fingerprint:sha-256 AA:BB', 'a=msid-semantic: WMS x',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 9', 'a=rtcp:9 IN IP4 0.0.0.0', 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host', 'a=mid:0',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level', 'a=extmap:9 urn:somebody:else', 'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 useinbandfec=1', 'a=rtpmap:9 G722/8000', 'a=ssrc:7 cname:c',
    'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 103', 'a=mid:1', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96',
    'a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=2', 'a=rtpmap:99 rtx/90000', 'a=fmtp:99 apt=98', 'a=rtpmap:100 H264/90000', 'a=rtcp-fb:100 nack',
    'a=rtpmap:101 rtx/90000', 'a=fmtp:101 apt=100', 'a=rtpmap:103 VP9/90000', 'a=fmtp:103 profile-id=0', 'a=rid:q send', 'a=simulcast:send q;~h;~f',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=mid:4', 'a=sctp-port:5000',
  );

  it('has what the relay speaks and nothing else', () => {
    expect(slim(offer)).toBe(sdp(
      'v=0', 'a=group:BUNDLE 0 1 4', 'a=fingerprint:sha-256 AA:BB',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level', 'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 useinbandfec=1', 'a=ssrc:7 cname:c',
      'm=video 9 UDP/TLS/RTP/SAVPF 96 97 103', 'a=mid:1', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96',
      'a=rtpmap:103 VP9/90000', 'a=fmtp:103 profile-id=0', 'a=rid:q send', 'a=simulcast:send q;h;f',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=mid:4', 'a=sctp-port:5000',
    ));
  });

  it('tells who made it', () => {
    expect(fingerprintOf(offer)).toBe('sha-256 AA:BB');
    expect(fingerprintOf('v=0\r\n')).toBe('');
  });
});
