/** For consoles with a token: the way out, and the way in once a session is over. */
import { useModel } from '../model/context.ts';

/** Once a session is over; the form leads back to where somebody was. */
export function goToSignIn(): void {
  location.assign(`sign-in${location.hash}`);
}

/** Nothing where nobody has to sign in. */
export function SignOut() {
  const { hello } = useModel();
  if (!hello.value?.signedIn) return null;
  const press = async () => {
    // Whatever becomes of it, the form of the next page tells.
    await fetch('sign-out', { method: 'POST', redirect: 'manual' }).catch(() => {});
    location.assign('sign-in');
  };
  return (
    <button type="button" class="tool" onClick={press} aria-label="Sign out" title="Sign out">
      ⏻
    </button>
  );
}
