/** Marks above a chart: what was lost and regained, when, and why. */
import { useState } from 'preact/hooks';
import { clockTime } from '../shared/figures.ts';
import { groupMarks, type Mark } from './marks.ts';

const signs: Readonly<Record<Mark['how'], string>> = { lost: '▼', regained: '▲', paused: '‖' };
const tones: Readonly<Record<Mark['how'], string>> = { lost: 'trouble', regained: 'well', paused: 'paused' };
/** Of the width of the axis. */
const apart = 0.018;

interface MarksProps {
  readonly marks: readonly Mark[];
  readonly axis: { readonly fromMs: number; readonly toMs: number };
}

export function Marks({ marks, axis }: MarksProps) {
  const [openMs, setOpen] = useState<number | null>(null);
  const groups = groupMarks(marks, axis, apart);
  if (groups.length === 0) return null;
  const open = groups.find((group) => group.marks.some(({ timeMs }) => timeMs === openMs));
  const shown = open ?? groups.at(-1)!;
  const lines = shown.marks.slice(-3);
  return (
    <div class="marks">
      <ol class="marks-lane" aria-label="What happened">
        {groups.map((group) => {
          const first = group.marks[0]!;
          return (
            <li key={first.timeMs} style={{ left: `${(group.share * 100).toFixed(3)}%` }}>
              <button
                type="button"
                class="mark"
                data-tone={tones[group.how]}
                aria-pressed={group === shown}
                title={group.marks.map(textOf).join('\n')}
                onClick={() => setOpen(first.timeMs)}
                onPointerEnter={() => setOpen(first.timeMs)}
              >
                <span aria-hidden="true">{signs[group.how]}</span>
                {group.marks.length > 1 && <small aria-hidden="true">{group.marks.length}</small>}
                <span class="unseen">{group.marks.map(textOf).join('; ')}</span>
              </button>
            </li>
          );
        })}
      </ol>
      <p class="marks-text">
        {lines.map((mark, i) => (
          <span key={`${mark.timeMs}${mark.text}`}>
            {i > 0 && ' · '}
            {textOf(mark)}
          </span>
        ))}
        {shown.marks.length > lines.length && ` · ${shown.marks.length - lines.length} more`}
      </p>
    </div>
  );
}

const textOf = ({ timeMs, text }: Mark) => `${clockTime(timeMs)} ${text}`;
