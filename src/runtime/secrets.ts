/** The secrets that a pipeline is configured with, so that they can be hidden wherever else they turn up. */
import type { ActorPlan, Plan } from '../contract/plan.ts';
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
