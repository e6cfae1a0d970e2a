// How to get to every page: pages/NAME.page -> its visits.
//
// A visit is { who, at, state, does, expect }: who looks (`public`, a person of the world, a role of staff), at which
// address, in which state of the page (for the name of the test and of the picture), what to do there before
// looking, and the status when it is not 200.  A new page needs a row here, else the tests are red.
import { world } from './browser.mjs';

const { cases, items } = world;
const visit = (who) => (at, state = '', more = {}) => ({ who, at, state, ...more });
const anyone = visit('public');
const citizen = visit('citizen');
const quiet = visit('quiet');

/** Fills nothing in and presses the form's button: the page with its errors. */
const refused = async (page) => {
  const form = page.locator('main form[method=post]').first();
  await form.evaluate((f) => { f.noValidate = true; });
  await Promise.all([page.waitForNavigation(), form.locator('button:not([name=_post]):not([type=button])').last().click()]);
};

export const rows = {
  styleguide: [anyone('/styleguide')],
};
