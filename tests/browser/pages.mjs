// How to get to every page: pages/NAME.page -> its visits.
//
// A visit is { who, at, state, does, expect }: who looks (`public`, a person of the world, a role of staff), at which
// address, in which state of the page (for the name of the test and of the picture), what to do there before
// looking, and the status when it is not 200.  A new page needs a row here, else the tests are red.
import { world } from './browser.mjs';

const { cases, items, itemDrafts } = world;
const visit = (who) => (at, state = '', more = {}) => ({ who, at, state, ...more });
const anyone = visit('public');
const citizen = visit('citizen');
const quiet = visit('quiet');
const [receiver, reviewer, decider, editor, publisher, supervisor, admin] =
  ['receiver', 'reviewer', 'decider', 'editor', 'publisher', 'supervisor', 'admin'].map(visit);
const onCase = (name, more = '') => `/console/cases/${cases[name]?.id}${more}`;
const onItem = (name, more = '') => `/console/items/${itemDrafts?.[name]?.id}${more}`;

/** A page that is a text to keep, with a word that it must have. */
const text = (at, word, who = 'public') => ({ who, at, state: '', text: word });
const query = async (page, { number, queryCode }) => {
  await page.locator('[name=number]').fill(number);
  await page.locator('[name=queryCode]').fill(queryCode);
  await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: '查进度' }).click()]);
};

const send = (page, form) => Promise.all([page.waitForNavigation(),
  form.evaluate((f) => {
    f.noValidate = true;
    [...f.querySelectorAll('button:not([type=button])')].find((b) => b.name !== '_post' && b.offsetParent).click();
  })]);
const main = (page) => page.locator('main form[method=post]').first();

/** Fills nothing in and presses the form's button: the page with its errors. */
const refused = (page) => send(page, main(page));

/** Empties all that is filled in, and presses the button. */
const emptied = async (page) => {
  await main(page).evaluate((f) => {
    for (const e of f.querySelectorAll('input:is([type=text], [type=tel], :not([type])), textarea')) e.value = '';
  });
  await refused(page);
};

/** Uploads what is no document. */
const refusedFile = async (page) => {
  const input = page.locator('main input[type=file]').first();
  await input.setInputFiles({ name: '程序.pdf', mimeType: 'application/pdf', buffer: Buffer.from('MZ' + ' '.repeat(500)) });
  await input.evaluate((e) => e.form.querySelector('button:not([type=button])').click());
  await page.locator('main .errors').waitFor();
};

export const rows = {
  styleguide: [anyone('/styleguide', '', { latin: true })],
  about: [anyone('/about')],
  accessibility: [anyone('/accessibility', '', { latin: true })],
  consult: [anyone('/consult')],
  error: [anyone('/error'), anyone('/no/such/page', 'not found', { expect: 404 })],
  help: [anyone('/help')],
  privacy: [anyone('/privacy')],
  suggest: [anyone('/suggest')],

  'portal/home': [anyone('/'), citizen('/', 'signed in')],
  'portal/search': [anyone(`/search?q=${encodeURIComponent('许可')}`), anyone('/search', 'all'),
    anyone(`/search?q=${encodeURIComponent('没有这样的事')}`, 'nothing'),
    anyone(`/search?q=${encodeURIComponent('<script>alert(1)</script>"\'')}`, 'script', { latin: true })],
  'portal/services': [anyone('/services'), anyone('/services?by=body', 'bodies')],
  'portal/guide-me': [anyone('/guide-me'), anyone('/guide-me?audience=AUDIENCE_PERSON', 'person')],
  'portal/department': [anyone(`/departments/${world.department}`)],
  'portal/departments': [anyone('/departments')],
  'portal/directory': [anyone('/directory')],
  'portal/item': [anyone(`/items/${items.permit?.id}`), citizen(`/items/${items.housing?.id}`, 'signed in')],
  'portal/item-guide': [text(`/items/${items.permit?.id}/guide`, '办理')],
  'portal/material-form': [text(`/items/${items.housing?.id}/materials/${items.housing?.materials[0].id}/form`, '申请')],
  'portal/material-sample': [text(`/items/${items.housing?.id}/materials/${items.housing?.materials[0].id}/sample`, '申请')],
  'portal/agreement': [anyone('/agreement')],
  'portal/login': [anyone('/login'), anyone('/login', 'refused', { does: refused }), anyone('/login?done=registered', 'registered')],
  'portal/login-code': [anyone('/login/code'), anyone('/login/code', 'refused', { does: refused })],
  'portal/register': [anyone('/register'), anyone('/register', 'refused', { does: refused })],
  'portal/forgotten': [anyone('/forgotten'), anyone('/forgotten', 'refused', { does: refused })],
  'portal/query': [anyone('/query'), anyone('/query', 'refused', { does: refused }),
    anyone('/query', 'found', { does: (page) => query(page, cases.closed) }),
    anyone('/query', 'found hostile', { does: (page) => query(page, cases.hostile) })],

  'portal/apply-start': [citizen(`/items/${items.permit?.id}/apply`), quiet(`/items/${items.housing?.id}/apply`, 'no draft')],
  'portal/apply-tasks': [citizen(`/apply/${cases.draft?.id}`), citizen(`/apply/${cases.empty?.id}`, 'empty')],
  'portal/apply-step': [citizen(`/apply/${cases.empty?.id}/applicant`, 'applicant'), citizen(`/apply/${cases.organisation?.id}/applicant`, 'organisation'),
    citizen(`/apply/${cases.organisation?.id}/applicant`, 'organisation refused', { does: emptied }),
    citizen(`/apply/${cases.draft?.id}/form-1`, 'form'), citizen(`/apply/${cases.empty?.id}/form-1`, 'form refused', { does: refused }),
    citizen(`/apply/${cases.organisation?.id}/form-2`, 'form of permit'),
    citizen(`/apply/${cases.draft?.id}/material-${items.housing?.materials[1].id}`, 'material'),
    citizen(`/apply/${cases.draft?.id}/material-${items.housing?.materials[2].id}`, 'material on paper'),
    citizen(`/apply/${cases.empty?.id}/material-${items.housing?.materials[1].id}`, 'material empty'),
    citizen(`/apply/${cases.empty?.id}/material-${items.housing?.materials[1].id}`, 'material refused', { does: refusedFile })],
  'portal/apply-check': [citizen(`/apply/${cases.draft?.id}/check`), citizen(`/apply/${cases.empty?.id}/check`, 'empty'),
    citizen(`/apply/${cases.organisation?.id}/check`, 'organisation')],
  'portal/apply-receipt': [citizen(`/apply/${cases.submitted?.id}/receipt`)],
  'portal/draft-delete': [citizen(`/my/drafts/${cases.draft?.id}/delete`)],
  'portal/case-file': [text(`/my/cases/${cases.draft?.id}/files/${cases.draft?.file}`, '%PDF', 'citizen')],
  'portal/my': [citizen('/my'), quiet('/my', 'nothing yet')],
  'portal/cases': [citizen('/my/cases'), quiet('/my/cases', 'nothing yet'), citizen('/my/cases?group=CASE_GROUP_DRAFT', 'drafts'),
    citizen('/my/cases?group=CASE_GROUP_DRAFT&done=deleted', 'deleted')],
  'portal/case': ['submitted', 'claimed', 'correction', 'refused', 'reviewing', 'special', 'deciding', 'granted', 'denied', 'closed', 'hostile', 'withdrawn']
    .map((state) => citizen(`/my/cases/${cases[state]?.id}`, state, { latin: state === 'hostile' })),
  'portal/case-correction': [citizen(`/my/cases/${cases.correction?.id}/correction`), citizen(`/my/cases/${cases.correction?.id}/correction`, 'refused', { does: emptied })],
  'portal/case-material': [citizen(`/my/cases/${cases.correction?.id}/materials/${items.permit?.materials[1].id}`)],
  'portal/case-withdraw': [citizen(`/my/cases/${cases.submitted?.id}/withdraw`)],
  'portal/favourites': [citizen('/my/favourites'), quiet('/my/favourites', 'nothing yet')],
  'portal/messages': [citizen('/my/messages', '', { latin: true }),      // one tells of the hostile case
     quiet('/my/messages', 'nothing yet')],
  'portal/message': [citizen(`/my/messages/${world.message}`)],
  'portal/profile': [citizen('/my/profile')],
  'portal/profile-mobile': [citizen('/my/profile/mobile'), citizen('/my/profile/mobile', 'refused', { does: refused })],
  'portal/profile-password': [citizen('/my/profile/password'), citizen('/my/profile/password', 'refused', { does: refused })],
  'portal/sessions': [citizen('/my/sessions')],

  'console/login': [anyone('/console/login'), anyone('/console/login', 'refused', { does: refused })],
  'console/start': [receiver('/console', 'receiver'), editor('/console', 'editor'), publisher('/console', 'publisher'), admin('/console', 'admin'),
    supervisor('/console', 'supervisor')],
  'console/me': [receiver('/console/me')],
  'console/password': [receiver('/console/password'), receiver('/console/password', 'refused', { does: refused })],
  'console/inbox': [receiver('/console/inbox'), reviewer('/console/inbox', 'reviewer'), decider('/console/inbox', 'decider'),
    receiver(`/console/inbox?q=${encodeURIComponent('没有')}`, 'nothing')],
  'console/cases': [receiver('/console/cases'), supervisor('/console/cases', 'supervisor')],
  'console/case': [...['submitted', 'claimed', 'correction', 'refused', 'granted', 'closed', 'withdrawn'].map((state) => receiver(onCase(state), state)),
    ...['reviewing', 'special'].map((state) => reviewer(onCase(state), state)), ...['deciding', 'denied'].map((state) => decider(onCase(state), state)),
    decider(onCase('hostile'), 'hostile', { latin: true }), supervisor(onCase('reviewing'), 'supervisor')],
  'console/case-correct': [receiver(onCase('submitted', '/correct')), receiver(onCase('submitted', '/correct'), 'refused', { does: refused })],
  'console/case-refuse': [receiver(onCase('submitted', '/refuse')), receiver(onCase('submitted', '/refuse'), 'refused', { does: refused })],
  'console/case-stage': [reviewer(onCase('reviewing', '/stage')), reviewer(onCase('reviewing', '/stage'), 'refused', { does: refused })],
  'console/case-special': [reviewer(onCase('reviewing', '/special')), reviewer(onCase('reviewing', '/special'), 'refused', { does: refused })],
  'console/case-return': [reviewer(onCase('reviewing', '/return'), '', {})],
  'console/case-decide': [decider(onCase('deciding', '/decide')), decider(onCase('deciding', '/decide'), 'refused', { does: refused })],
  'console/case-close': [receiver(onCase('granted', '/close')), receiver(onCase('granted', '/close'), 'refused', { does: refused })],
  'console/case-file': [text(`/console/cases/${cases.submitted?.id}/files/${cases.submitted?.file}`, '%PDF', 'receiver')],
  'console/verify': [receiver('/console/verify'), receiver('/console/verify', 'refused', { does: refused })],
  'console/overview': [supervisor('/console/overview'), decider('/console/overview', 'decider')],

  'console/items': [editor('/console/items'), editor('/console/items?state=ITEM_STATE_DRAFT', 'drafts')],
  'console/item': [editor(onItem('draft'), 'draft'), editor(onItem('bare'), 'bare'), publisher(onItem('checking'), 'checking')],
  'console/item-version': [editor(onItem('draft', `/versions/${items.permit?.version}`))],
  'console/item-compare': [editor(onItem('checking', `/compare?left=1&right=2`))],
  'console/item-review': [publisher(onItem('checking', '/review')), publisher(onItem('checking', '/review'), 'refused', { does: refused })],
  'console/reviews': [publisher('/console/reviews')],
  'console/quality': [editor('/console/items/quality')],
  'console/item-new': [editor('/console/items/new'), editor('/console/items/new', 'refused', { does: refused })],
  'console/item-import': [editor('/console/items/import'), editor('/console/items/import', 'refused', { does: refused })],
  'console/item-export': [editor('/console/items/export')],
  'console/item-export-csv': [text('/console/items/export.csv', '施工许可', 'editor')],
  'console/item-export-json': [text('/console/items/export.json', '施工许可', 'editor')],
  ...Object.fromEntries(['basics', 'body', 'fees', 'form', 'handling', 'legal', 'materials', 'places', 'questions', 'results', 'stages']
    .map((part) => [`console/edit/${part}`, [editor(onItem('draft', `/edit/${part}`)), editor(onItem('bare', `/edit/${part}`), 'bare')]])),

  'console/staff': [admin('/console/staff')],
  'console/staff-member': [admin(`/console/staff/${world.staffIds?.['zjj-receiver']}`)],
  'console/staff-new': [admin('/console/staff/new'), admin('/console/staff/new', 'refused', { does: refused })],
  'console/systems': [admin('/console/systems')],
  'console/system': [admin(`/console/systems/${world.system}`)],
  'console/system-new': [admin('/console/systems/new'), admin('/console/systems/new', 'refused', { does: refused })],
};

/** Pictures of docs/screenshots: DOCS=1 node screenshots.mjs, by `make screenshots DOCS=1`. */
const picture = (size, visit, more = {}) => ({ size, visit, ...more });
export const shown = {
  'home.png': picture('desktop', anyone('/')),
  'home-phone.png': picture('phone', anyone('/')),
  'home-elder-phone.png': picture('phone', anyone('/'), { elder: true }),
  'search.png': picture('desktop', anyone(`/search?q=${encodeURIComponent('许可')}`)),
  'guide.png': picture('desktop', anyone(`/items/${items.permit?.id}`)),
  'guide-dark-phone.png': picture('phone', anyone(`/items/${items.permit?.id}`), { dark: true }),
  'apply-phone.png': picture('phone', citizen(`/apply/${cases.draft?.id}/form-1`)),
  'check-phone.png': picture('phone', citizen(`/apply/${cases.draft?.id}/check`)),
  'case.png': picture('desktop', citizen(`/my/cases/${cases.reviewing?.id}`)),
  'case-phone.png': picture('phone', citizen(`/my/cases/${cases.correction?.id}`)),
  'inbox.png': picture('desktop', receiver('/console/inbox')),
  'console-case.png': picture('desktop', receiver(onCase('submitted'))),
  'console-item.png': picture('desktop', editor(onItem('draft'))),
  'overview.png': picture('desktop', supervisor('/console/overview')),
};
