/** Hands the model to every view. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Model } from './model.ts';

export const ModelContext = createContext<Model | null>(null);

export function useModel(): Model {
  return useContext(ModelContext)!;
}
