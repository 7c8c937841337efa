/** Templates beside capabilities: what each can call, asks for, may and did; what was denied or lies idle stands out. */
import { Button, Switch } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';
import { templatesQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty, FilteredEmpty, Skeleton, Trouble } from '../parts/states';
import { number } from '../parts/time';
import type { CapabilitiesSearch } from '../router';
import { capabilitiesQuery } from '../templates/queries';
import { CAPABILITIES } from '../templates/rights';
import './capabilities.css';
import { Detail } from './Detail';
import { STATES, type Standing, standing } from './states';

export function CapabilitiesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/capabilities' });
  const navigate = useNavigate({ from: '/capabilities' });
  const templates = useQuery(templatesQuery());
  const list = templates.data ?? [];
  const uses = useQueries({ queries: list.map(({ type }) => capabilitiesQuery(type)) });
  const rows = list.map((template, index) => {
    const use = uses[index];
    const of = (capability: string) => use?.data?.capabilities.find((one) => one.capability === capability);
    const cells = CAPABILITIES.map((capability) => ({
      capability,
      ...standing(of(capability), use?.data?.runs ?? 0),
    }));
    return { template, cells, use };
  });
  const isOdd = (cell: Standing) => cell.denied > 0 || cell.isIdle;
  const shown = search.odd ? rows.filter(({ cells }) => cells.some(isOdd)) : rows;
  const all = rows.flatMap(({ cells }) => cells);
  const denied = all.reduce((sum, cell) => sum + cell.denied, 0);
  const idle = all.filter((cell) => cell.isIdle).length;
  const isWhole = uses.every((use) => !use.isPending);
  const set = (change: Partial<CapabilitiesSearch>, replace = false) =>
    void navigate({ search: (before: CapabilitiesSearch) => ({ ...before, ...change }), replace });
  const picked = rows.find(({ template }) => template.type === search.template);
  return (
    <Page
      title={t('places.capabilities')}
      lead={
        isWhole && list.length > 0
          ? `${t('capabilities.denied', { count: denied, number: number(denied) })} · ${t('capabilities.idle', { count: idle })}`
          : t('capabilities.lead')
      }
    >
      {templates.isPending && <Skeleton />}
      {templates.isError && <Trouble error={templates.error} retry={() => void templates.refetch()} />}
      {templates.data && list.length === 0 && (
        <Empty title={t('templates.empty')} action={<Link to="/templates">{t('templates.all')}</Link>}>
          {t('capabilities.empty')}
        </Empty>
      )}
      {list.length > 0 && (
        <>
          <div className="sg-legend-row">
            <Legend />
            <Switch
              label={t('capabilities.only_odd')}
              checked={search.odd === true}
              onChange={(event) => set({ odd: event.currentTarget.checked || undefined }, true)}
            />
          </div>
          {search.odd && isWhole && shown.length === 0 && <FilteredEmpty clear={() => set({ odd: undefined })} />}
          {shown.length > 0 && (
            <div className="sg-table-box">
              <table className="sg-table sg-matrix">
                <thead>
                  <tr>
                    <th scope="col">{t('jobs.template')}</th>
                    {CAPABILITIES.map((capability) => (
                      <th scope="col" key={capability}>
                        {t(`capability.${capability}`)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {shown.map(({ template, cells, use }) => (
                    <tr key={template.type} data-picked={template.type === search.template || undefined}>
                      <th scope="row" className="sg-main-cell">
                        <Link to="/templates/$type" params={{ type: template.type }}>
                          {template.icon} {template.name}
                        </Link>
                      </th>
                      {use?.isPending || use?.isError ? (
                        <td colSpan={CAPABILITIES.length}>
                          {use.isError ? (
                            <Trouble error={use.error} retry={() => void use.refetch()} />
                          ) : (
                            <Skeleton rows={1} />
                          )}
                        </td>
                      ) : (
                        cells.map((cell) => (
                          <Cell
                            key={cell.capability}
                            cell={cell}
                            template={template}
                            isPicked={template.type === search.template && cell.capability === search.capability}
                          />
                        ))
                      )}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {picked?.use?.data && (
            <section className="sg-section" id="detail" aria-labelledby="detail-title">
              <div className="sg-section-head">
                <h2 id="detail-title">
                  {picked.template.icon} {picked.template.name}
                  {search.capability &&
                    ` · ${t(`capability.${search.capability}`, { defaultValue: search.capability })}`}
                </h2>
                <Button size="xs" variant="subtle" onClick={() => set({ template: undefined, capability: undefined })}>
                  {t('parts.close')}
                </Button>
              </div>
              <Detail template={picked.template} list={picked.use.data} capability={search.capability} />
            </section>
          )}
        </>
      )}
    </Page>
  );
}

/** One mark for each claim; a filled one holds. */
export function Marks({ states }: { states: Standing['states'] }) {
  return (
    <span className="sg-marks" aria-hidden="true">
      {STATES.map((state) => (
        <i key={state} data-state={state} data-on={states[state] || undefined} />
      ))}
    </span>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <ul className="sg-legend" aria-label={t('capabilities.legend')}>
      {STATES.map((state) => (
        <li key={state}>
          <i className="sg-mark-box" data-state={state} data-on aria-hidden="true" />
          {t(`capabilities.states.${state}`)}
        </li>
      ))}
    </ul>
  );
}

interface CellProps {
  cell: Standing & { capability: string };
  template: Template;
  isPicked: boolean;
}

function Cell({ cell, template, isPicked }: CellProps) {
  const { t } = useTranslation();
  const { states, denied, isIdle, isVain, capability } = cell;
  const name = t(`capability.${capability}`);
  const holds = STATES.filter((state) => states[state]).map((state) => t(`capabilities.states.${state}`));
  const isNothing = holds.length === 0 && denied === 0;
  if (isNothing) {
    return (
      <td className="sg-matrix-none" data-nothing>
        <span aria-hidden="true">·</span>
        <span className="sg-hidden">{t('capabilities.nothing')}</span>
      </td>
    );
  }
  return (
    <td data-denied={denied > 0 || undefined}>
      <Link
        to="/capabilities"
        search={(before) => ({ ...before, template: template.type, capability })}
        hash="detail"
        className="sg-matrix-cell"
        aria-current={isPicked || undefined}
        title={holds.join(', ')}
      >
        <span className="sg-matrix-name">{name}</span>
        <span className="sg-hidden">
          {template.name}, {name}: {holds.join(', ')}
        </span>
        <Marks states={states} />
        {denied > 0 && (
          <span className="sg-tone-failed">{t('capabilities.denied', { count: denied, number: number(denied) })}</span>
        )}
        {isIdle && <span className="sg-tone-timeout">{t('capabilities.unused')}</span>}
        {isVain && <span className="sg-soft">{t('capabilities.vain')}</span>}
      </Link>
    </td>
  );
}
