// People for pictures of Parley: drawn, so that nobody's photograph has to stand for them.

import type { BrowserContext } from '@playwright/test';
import { prepare } from '../harness/parley';

interface Portrait {
  name: string;
  wall: [string, string]; // colours of the background, from the light to the shade
  skin: string;
  hair: string;
  style: 'bun' | 'short' | 'curls' | 'long';
  shirt: string;
  lean: number; // pixels to the right
}

export const portraits: readonly Portrait[] = [
  { name: 'Ann', wall: ['#f6d9b8', '#d99a6c'], skin: '#e9b48f', hair: '#4a2c20', style: 'bun', shirt: '#2f6f73', lean: -20 },
  { name: 'Min-jun', wall: ['#cfe3e6', '#7fa9b5'], skin: '#f0c7a0', hair: '#1f1b1c', style: 'short', shirt: '#e0a63c', lean: 30 },
  { name: 'Amara', wall: ['#e7d4ea', '#a884b8'], skin: '#8d5a3c', hair: '#241a17', style: 'curls', shirt: '#d3574b', lean: 0 },
  { name: 'Jonas', wall: ['#dfe8cd', '#93ab74'], skin: '#f1c9ad', hair: '#b5793f', style: 'long', shirt: '#3d5a91', lean: 15 },
];

/** Gives the pages of a context this face. Only the second one speaks, so that only one tile shows it. */
export async function portray(context: BrowserContext, at: number): Promise<void> {
  await context.addInitScript(sit, portraits[at]!);
  await prepare(context, { hue: 0, tone: at === 1 ? 400 : 0 });
}

function sit({ wall, skin, hair, style, shirt, lean }: Portrait): void {
  function blob(brush: CanvasRenderingContext2D, x: number, y: number, [wide, high]: [number, number]): void {
    brush.beginPath();
    brush.ellipse(x, y, wide, high, 0, 0, 2 * Math.PI);
    brush.fill();
  }

  const behind = {
    bun: (brush: CanvasRenderingContext2D, x: number, y: number) => blob(brush, x + 10, y - 190, [70, 62]),
    short: () => undefined,
    curls: (brush: CanvasRenderingContext2D, x: number, y: number) => {
      for (let turn = 0; turn < 14; turn++) {
        const angle = Math.PI * (0.86 + (turn / 13) * 1.28);
        blob(brush, x + 158 * Math.cos(angle), y - 20 + 165 * Math.sin(angle), [62, 62]);
      }
    },
    long: (brush: CanvasRenderingContext2D, x: number, y: number) => blob(brush, x, y + 60, [172, 245]),
  };

  function head(brush: CanvasRenderingContext2D, x: number, y: number, blink: boolean): void {
    brush.fillStyle = hair;
    behind[style](brush, x, y);
    brush.fillStyle = skin;
    blob(brush, x, y + 175, [58, 110]);
    brush.fillStyle = hair;
    blob(brush, x, y - 28, [142, 162]);
    brush.fillStyle = skin;
    blob(brush, x, y + 12, [122, 150]);
    brush.fillStyle = '#2b2422';
    for (const side of [-46, 46]) blob(brush, x + side, y - 5, [11, blink ? 2 : 13]);
    brush.strokeStyle = '#2b2422';
    brush.lineWidth = 7;
    brush.lineCap = 'round';
    brush.beginPath();
    brush.arc(x, y + 52, 42, 0.2 * Math.PI, 0.8 * Math.PI);
    brush.stroke();
    brush.fillStyle = hair;
    brush.beginPath();
    brush.ellipse(x, y - 62, 128, 92, 0, Math.PI, 2 * Math.PI);
    brush.fill();
  }

  window.face = {
    width: 1280,
    height: 720,
    draw: (brush, tick) => {
      const light = brush.createRadialGradient(360, 120, 60, 640, 360, 900);
      light.addColorStop(0, wall[0]);
      light.addColorStop(1, wall[1]);
      brush.fillStyle = light;
      brush.fillRect(0, 0, 1280, 720);
      const x = 640 + lean + 6 * Math.sin(tick / 9);
      const y = 330 + 3 * Math.sin(tick / 6);
      brush.fillStyle = shirt;
      blob(brush, x, y + 430, [330, 235]);
      head(brush, x, y, tick % 50 < 2);
    },
  };
}
