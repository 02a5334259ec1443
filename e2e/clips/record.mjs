// Records the clips that headless peers send, once, in Chromium: `node e2e/clips/record.mjs`.
//
// In: nothing. Out: node/bot/clips/{q,h,f}.ivf, the same moving picture as VP8 in three sizes, and
// tone.ivf, Opus. They are committed, because Go can neither encode VP8 nor Opus. All four loop after
// six seconds. paint.mjs says what the picture shows; the container is IVF (a 32-byte header, then
// for each frame its size, its time and its bytes), also around Opus.

import { writeFileSync } from 'node:fs'
import { chromium } from '@playwright/test'
import { bars, paint } from './paint.mjs'

const fps = 15
const seconds = 6
const layers = [
  { name: 'q', width: 320, height: 180, bitrate: 70_000 },
  { name: 'h', width: 640, height: 360, bitrate: 180_000 },
  { name: 'f', width: 1280, height: 720, bitrate: 500_000 },
]
const out = new URL('../../node/bot/clips/', import.meta.url)

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage()
// WebCodecs exists on secure pages only.
await page.route('https://clips.test/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
await page.goto('https://clips.test/')
await page.addScriptTag({ content: `${bars}\n${paint}` })

for (const layer of layers) {
  const frames = await page.evaluate(recordPicture, { ...layer, fps, count: fps * seconds })
  save(`${layer.name}.ivf`, 'VP80', layer, { rate: fps, step: 1 }, frames)
}
save('tone.ivf', 'Opus', { width: 0, height: 0 }, { rate: 48_000, step: 960 }, await page.evaluate(recordTone, seconds))
await browser.close()

// recordPicture runs in the page. A key frame opens every second, in every layer at the same number.
async function recordPicture({ width, height, bitrate, fps, count }) {
  const canvas = new OffscreenCanvas(width, height)
  const chunks = []
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength)
      chunk.copyTo(bytes)
      chunks.push(bytes.toBase64())
    },
    error: (error) => {
      throw error
    },
  })
  encoder.configure({ codec: 'vp8', width, height, bitrate, framerate: fps, latencyMode: 'realtime' })
  for (let number = 0; number < count; number++) {
    paint(canvas.getContext('2d'), width, height, number, count)
    const frame = new VideoFrame(canvas, { timestamp: (number * 1e6) / fps, duration: 1e6 / fps })
    encoder.encode(frame, { keyFrame: number % fps === 0 })
    frame.close()
    await encoder.flush() // one by one: an encoder in a hurry drops frames
  }
  encoder.close()
  return chunks
}

// recordTone runs in the page: a quiet tune without a pause, so that any gap is heard, over a hum that
// slides, so that no two frames are alike and each tells its place. Two rounds are encoded and the second
// is kept: its start fits its end.
async function recordTone(seconds) {
  const rate = 48_000
  const perFrame = rate / 50
  const notes = [330, 392, 440, 494, 588, 660, 588, 494, 440, 392, 440, 392] // half a second each, whole periods
  const chunks = []
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength)
      chunk.copyTo(bytes)
      chunks.push(bytes.toBase64())
    },
    error: (error) => {
      throw error
    },
  })
  encoder.configure({
    codec: 'opus',
    sampleRate: rate,
    numberOfChannels: 1,
    bitrate: 24_000,
    opus: { frameDuration: 20_000, application: 'voip' },
  })
  const perRound = seconds * 50
  for (let frame = 0; frame < 2 * perRound; frame++) {
    const samples = new Float32Array(perFrame)
    for (let i = 0; i < perFrame; i++) {
      const at = frame * perFrame + i
      const turn = (2 * Math.PI * at) / rate // of 1 Hz
      const hum = 150 * turn - 50 * seconds * Math.cos(turn / seconds) // 100 to 200 Hz and back in one round
      samples[i] = 0.14 * Math.sin(notes[Math.floor((2 * at) / rate) % notes.length] * turn) + 0.03 * Math.sin(hum)
    }
    const data = new AudioData({
      format: 'f32', sampleRate: rate, numberOfFrames: perFrame, numberOfChannels: 1,
      timestamp: (frame * 1e6) / 50, data: samples,
    })
    encoder.encode(data)
    data.close()
  }
  await encoder.flush()
  encoder.close()
  return chunks.slice(perRound, 2 * perRound)
}

function save(name, codec, { width, height }, { rate, step }, frames) {
  const header = Buffer.alloc(32)
  header.write('DKIF', 0)
  header.writeUInt16LE(32, 6) // length of this header
  header.write(codec, 8)
  header.writeUInt16LE(width, 12)
  header.writeUInt16LE(height, 14)
  header.writeUInt32LE(rate, 16) // units of time in a second
  header.writeUInt32LE(1, 20)
  header.writeUInt32LE(frames.length, 24)
  const parts = [header]
  frames.forEach((frame, i) => {
    const bytes = Buffer.from(frame, 'base64')
    const head = Buffer.alloc(12)
    head.writeUInt32LE(bytes.length, 0)
    head.writeBigUInt64LE(BigInt(i * step), 4)
    parts.push(head, bytes)
  })
  const file = Buffer.concat(parts)
  writeFileSync(new URL(name, out), file)
  console.log(`${name}: ${frames.length} frames, ${file.length} bytes`)
}
