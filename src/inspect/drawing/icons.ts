/** Signs of about ten px, drawn as lines: no font has them all. */
import { short } from './paths.ts';

const shapes = {
  gear:
    '<circle r="2.9"/><path d="M0 -4.9V-2.9M0 4.9V2.9M-4.9 0H-2.9M4.9 0H2.9' +
    'M-3.46 -3.46L-2.05 -2.05M3.46 3.46L2.05 2.05M-3.46 3.46L-2.05 2.05M3.46 -3.46L2.05 -2.05"/>',
  clock: '<circle r="4.6"/><path d="M0 -2.6V0L1.9 1.3"/>',
  enter: '<path d="M-4.5 0H2M-0.6 -2.6L2 0L-0.6 2.6M4.5 -4V4"/>',
  leave: '<path d="M-1.5 0H4.5M1.9 -2.6L4.5 0L1.9 2.6M-4.5 -4V4"/>',
  stay: '<path d="M3.2 -2.6V0.4A1.6 1.6 0 0 1 1.6 2H-3.4M-1.2 -0.4L-3.6 2L-1.2 4.4"/>',
  again: '<path d="M3.9 -1.6A4.2 4.2 0 1 0 4.2 1M4.3 -4.4V-1.4H1.3"/>',
  deaf: '<circle r="4.2"/><path d="M-2.9 2.9L2.9 -2.9"/>',
} as const;

export type IconName = keyof typeof shapes;

/** Centred on a point. */
export function icon(name: IconName, x: number, y: number): string {
  return `<g class="icon" transform="translate(${short(x)} ${short(y)})">${shapes[name]}</g>`;
}
