import { describe, expect, it } from 'vitest';
import { catalogue, fill, languages, pickLanguage } from './catalogue';
import { en } from './en';

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe('catalogue', () => {
  for (const [code, texts] of Object.entries(catalogue)) {
    it(`is complete in ${code}`, () => {
      expect(Object.keys(texts)).toEqual(Object.keys(en)); // in the same order, so that both are easy to compare
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), key).toBe(text);
        expect(text, key).not.toBe('');
        expect(holes(text), key).toEqual(holes(en[key as keyof typeof en]));
        expect(text, key).not.toMatch(/[<>]/);
      }
    });
  }

  it('is written in Korean where it says so', () => {
    for (const [key, text] of Object.entries(catalogue.ko)) expect(text, key).toMatch(/\p{Script=Hangul}/u);
  });

  it('never names the other shape of the call', () => {
    for (const [key, text] of Object.entries(en)) {
      if (key.startsWith('connection.mesh')) expect(text).toMatch(/^Direct(?!.*relayed)/i);
      if (key.startsWith('connection.relay')) expect(text).toMatch(/^Relayed(?!.*direct)/i);
    }
  });
});

describe('pickLanguage', () => {
  it('takes the first wish that there is', () => {
    expect(pickLanguage(['ko', 'en'])).toBe('ko');
    expect(pickLanguage([null, 'en', 'ko-KR'])).toBe('en');
    expect(pickLanguage([null, null, 'de-DE', 'ko-KR', 'en'])).toBe('ko');
    expect(pickLanguage(['KO_kr'])).toBe('ko');
    expect(pickLanguage(['toString', 'constructor', ''])).toBe('en');
    expect(Object.keys(languages)).toEqual(Object.keys(catalogue));
  });
});

describe('fill', () => {
  it('puts values in as they are', () => {
    expect(fill('{name} joined', { name: '<b>$&{count}</b>' })).toBe('<b>$&{count}</b> joined');
    expect(fill('{a}{b}', { a: 1 })).toBe('1{b}');
  });
});
