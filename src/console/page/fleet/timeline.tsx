/** The past of one edge over time: a lane for each actor, and across them the times in which it was without its cloud. */
import type { EdgeTransition } from '../../../contract/fleet.ts';
import { printable } from '../../../domain/text.ts';
import { isOnTheWay } from '../../trouble.ts';
import { clockTime, counted, dateTime, span } from '../shared/figures.ts';
import { type Absence, absencesOf, type LaneSpan, lanesOf } from './lanes.ts';
import { timeTicks } from './ticks.ts';

interface TimelineProps {
  /** Oldest first. */
  readonly transitions: readonly EdgeTransition[];
  readonly axis: { readonly fromMs: number; readonly toMs: number };
}

/** Spans that are less than that part of the axis are joined. */
const leastShare = 0.003;
/** In wider ones the state is written. */
const writtenShare = 0.07;

export function Timeline({ transitions, axis }: TimelineProps) {
  const widthMs = axis.toMs - axis.fromMs;
  const lanes = lanesOf(transitions, axis, widthMs * leastShare);
  const absences = absencesOf(transitions).filter(({ toMs }) => (toMs ?? axis.toMs) > axis.fromMs);
  const at = (timeMs: number) => `${(((timeMs - axis.fromMs) / widthMs) * 100).toFixed(3)}%`;
  const placed = (fromMs: number, toMs: number) => ({
    left: at(Math.max(fromMs, axis.fromMs)),
    width: `${((Math.max(0, Math.min(toMs, axis.toMs) - Math.max(fromMs, axis.fromMs)) / widthMs) * 100).toFixed(3)}%`,
  });
  return (
    <figure class="timeline">
      <figcaption class="unseen">
        States of {counted(lanes.length, 'actor')} from {dateTime(axis.fromMs)} to {dateTime(axis.toMs)}, on
        the clock of the edge. {absences.map((absence) => absenceText(absence)).join('. ')}
      </figcaption>
      <div class="timeline-body" aria-hidden="true">
        <div class="timeline-names">
          {lanes.map(({ actor }) => (
            <span key={actor}>{printable(actor, 40)}</span>
          ))}
        </div>
        <div class="timeline-lanes">
          {lanes.map(({ actor, spans }) => (
            <div key={actor} class="timeline-lane">
              {spans.map((each) => (
                <span
                  key={each.fromMs}
                  class="timeline-span"
                  data-tone={each.health}
                  style={placed(each.fromMs, each.toMs)}
                  title={spanText(each)}
                >
                  {each.toMs - each.fromMs > widthMs * writtenShare && writtenOf(each)}
                </span>
              ))}
            </div>
          ))}
          {absences.map((absence) => (
            <span
              key={absence.fromMs}
              class="timeline-absence"
              style={placed(absence.fromMs, absence.toMs ?? axis.toMs)}
              title={absenceText(absence)}
            />
          ))}
          <div class="timeline-ticks">
            {timeTicks(axis.fromMs, axis.toMs, 8).map(({ timeMs, text }) => (
              <span key={timeMs} style={{ left: at(timeMs) }}>
                {text}
              </span>
            ))}
          </div>
        </div>
      </div>
      {absences.length > 0 && <Absences absences={absences} />}
    </figure>
  );
}

function Absences({ absences }: { absences: readonly Absence[] }) {
  return (
    <ul class="absences">
      {absences.slice(-5).map((absence) => (
        <li key={absence.fromMs}>{absenceText(absence)}</li>
      ))}
    </ul>
  );
}

/** An edge that tells changes only does not tell the ordinary state that it went on to. */
function writtenOf({ state, health }: LaneSpan): string {
  return health === 'well' && isOnTheWay(state) ? 'well' : printable(state, 40);
}

function spanText({ state, fromMs, toMs, lasts, cause, states }: LaneSpan): string {
  const length = lasts ? `since ${clockTime(fromMs)}` : `${clockTime(fromMs)}, for ${span(toMs - fromMs)}`;
  const others = states > 1 ? `, and ${states - 1} short ones` : '';
  return `${printable(state)} ${length}${others}${cause ? `\n${printable(cause, 200)}` : ''}`;
}

function absenceText({ fromMs, toMs, cause, retries, heardMs }: Absence): string {
  const length = toMs === null ? 'and has not come back since' : `for ${span(toMs - fromMs)}`;
  const tried = retries > 0 ? `, ${counted(retries, 'attempt')}` : '';
  const why = cause ? `: ${printable(cause, 160)}` : '';
  return `Without its cloud from ${clockTime(fromMs)} ${length}${tried}${why}. The cloud had the word of it at ${clockTime(heardMs)}`;
}
