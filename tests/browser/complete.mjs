// Fills in a draft through the JSON API, so that it can be submitted.
import { world } from './browser.mjs';
import { valueOf } from './forms.mjs';

export async function complete(visitor, id, person = world.fails, item = world.items.housing) {
  const { request } = visitor.context;
  const login = await request.post('/api/v1/sessions', { data: { identifier: person.idNumber, password: person.password } });
  const headers = { Authorization: `Bearer ${(await login.json()).accessToken}` };
  const must = async (answer) => {
    if (!answer.ok()) throw new Error(`${answer.status()} ${await answer.text()}`);
    return answer.json();
  };
  const detail = await must(await request.get(`/api/v1/cases/${id}`, { headers }));
  const form = item.formFields.map((f) => ({ name: f.id, value: valueOf(f) }));
  await must(await request.patch(`/api/v1/cases/${id}`, { headers, data: { version: detail.summary.version, form } }));
  for (const { materialId } of detail.materials)
    await must(await request.post(`/api/v1/cases/${id}/materials/${materialId}:paper`, { headers, data: { paper: true } }));
}
