/** The statecharts of everything that fogrun brings along. */
import type { AnyStateMachine } from 'xstate';
import { cloudSession } from '../../../machines/cloud-session.ts';
import { kinds } from '../../../machines/index.ts';
import type { Chart } from '../../contract/chart.ts';
import type { ActorKind } from '../../contract/kind.ts';
import { chartOf } from '../../inspect/drawing/chart.ts';
import { idleStatechart } from '../../runtime/idle-statechart.ts';

export const chartOfKind = (kind: ActorKind): Chart => chartOf(idleStatechart(kind), kind.name);

/** Of all built-in kinds, and of the sessions that a receiver has. */
export function builtInCharts(): Chart[] {
  return [
    ...[...kinds.values()].map(chartOfKind),
    chartOf(cloudSession as unknown as AnyStateMachine, 'cloud-session'),
  ];
}
