/** Signing in and out, for people; programs send the token with each request. */
import type { IncomingMessage } from 'node:http';
import { type Answer, Refused, redirect } from './answer.ts';
import type { Assets } from './assets.ts';
import type { Guard } from './guard.ts';

/** The page with the form. @param fault what it is to say, as its address has it: `wrong`, `busy` */
export async function signInPage(assets: Assets, request: IncomingMessage, fault: string): Promise<Answer> {
  const name = fault === 'wrong' || fault === 'busy' ? `sign-in-${fault}.html` : 'sign-in.html';
  const answer = await assets.answer(name, request);
  if (!answer) throw new Refused(404, 'console-request', 'there is no page to sign in with');
  // Without a referrer a browser would not say where the form comes from either.
  const headers = { ...answer.headers, 'referrer-policy': 'same-origin', 'cache-control': 'no-store' };
  return { ...answer, headers };
}

/** @param form `token=…` as a form sends it */
export function signIn(guard: Guard, request: IncomingMessage, form: string): Answer {
  const token = new URLSearchParams(form).get('token') ?? '';
  try {
    return redirect('./', { 'set-cookie': guard.signIn(token, request) });
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    // Not behind a `#`: what stands there says where a person wanted to go, and a browser keeps it on the way here and on.
    return redirect(`sign-in?${thrown.status === 429 ? 'busy' : 'wrong'}`);
  }
}
