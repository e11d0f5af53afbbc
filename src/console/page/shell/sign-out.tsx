/** For consoles with a token: the way out, and the way in once a session is over. */
import { useModel } from '../model/context.ts';

export function goToSignIn(): void {
  location.assign('sign-in');
}

/** Nothing where nobody has to sign in. */
export function SignOut() {
  const { hello } = useModel();
  if (!hello.value?.signedIn) return null;
  const press = async () => {
    // Whatever becomes of it, the form of the next page tells.
    await fetch('sign-out', { method: 'POST', redirect: 'manual' }).catch(() => {});
    goToSignIn();
  };
  return (
    <button type="button" class="tool" onClick={press} aria-label="Sign out" title="Sign out">
      ⏻
    </button>
  );
}
