import { expect, it } from 'vitest';
import { serversOf } from './ice';

it('servers are found where the page came from, unless they name a host', () => {
  const urls = ['turn:*:3478?transport=udp', 'turns:*:5349?transport=tcp', 'turn:turn.example.org:3478'];
  expect(serversOf([{ urls, username: 'u', credential: 'c' }], 'meet.example.org')).toEqual([{
    urls: ['turn:meet.example.org:3478?transport=udp', 'turns:meet.example.org:5349?transport=tcp', 'turn:turn.example.org:3478'],
    username: 'u',
    credential: 'c',
  }]);
  expect(serversOf(undefined, 'meet.example.org')).toEqual([]);
});
