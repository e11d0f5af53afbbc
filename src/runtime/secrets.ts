/** The secrets that a pipeline is configured with, so that they can be hidden wherever else they turn up. */
import type { ActorPlan, Plan } from '../contract/plan.ts';
import type { Report } from '../contract/report.ts';
import type { Redactor } from '../inspect/redact.ts';
import { isSecretAt } from '../pipeline/schema.ts';

export function secretsOf({ actors }: Pick<Plan, 'actors'>): string[] {
  return actors.flatMap(secretsOfActor);
}

export function secretsOfActor({ kind, config }: Pick<ActorPlan, 'kind' | 'config'>): string[] {
  const found: string[] = [];
  const look = (value: unknown, path: readonly (string | number)[]) => {
    if (typeof value === 'string') {
      if (value !== '' && isSecretAt(kind.config, path)) found.push(value);
    } else if (Array.isArray(value)) {
      for (const [i, each] of value.entries()) look(each, [...path, i]);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) look(each, [...path, key]);
    }
  };
  look(config, []);
  return found;
}

/** A report as anybody may read it: the very same object where nothing is secret. */
export function withoutSecrets(report: Report, redactor: Redactor): Report {
  if (redactor.hidesNothing) return report;
  switch (report.type) {
    case 'transition':
      return report.cause ? { ...report, cause: redactor.problem(report.cause) } : report;
    case 'problem':
      return redactor.problem(report);
    case 'note':
      return { ...report, text: redactor.withoutSecrets(report.text) };
    case 'alarm':
      return report.text === null ? report : { ...report, text: redactor.withoutSecrets(report.text) };
    // What flows is told by numbers and by names that somebody chose to be seen.
    case 'segment':
    case 'stored':
    case 'forecast':
      return report;
  }
}
