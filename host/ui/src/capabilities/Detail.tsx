/** One template's capabilities function by function: imported, declared, granted, used, denied, with the ways on. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { CapabilityList, Template } from '../api/client';
import { number } from '../parts/time';
import { When } from '../parts/When';
import { Offer } from '../templates/Forecast';
import { Needs } from '../templates/Needs';
import { Rights } from '../templates/Rights';
import { type Right, withRight } from '../templates/rights';
import { type CapabilityUse, type FunctionUse, offers } from './states';

interface Props {
  template: Template;
  list: CapabilityList;
  /** Only this one; all without it. */
  capability: string | undefined;
}

export function Detail({ template, list, capability }: Props) {
  const { t } = useTranslation();
  const shown = list.capabilities.filter((one) => !capability || one.capability === capability);
  return (
    <>
      <p className="sg-soft">
        {t('capabilities.stands_on', { count: list.runs, number: number(list.runs) })}
        {!list.is_complete && ` ${t('capabilities.newest_only')}`}
      </p>
      {shown.length === 0 && <p>{t('capabilities.nothing')}</p>}
      {shown.map((one) => (
        <One key={one.capability} template={template} use={one} digest={list.digest} />
      ))}
    </>
  );
}

function One({ template, use, digest }: { template: Template; use: CapabilityUse; digest: string }) {
  const { t } = useTranslation();
  const { capability } = use;
  const rights = use.rights as unknown as Right[];
  return (
    <section className="sg-panel sg-capability" aria-label={t(`capability.${capability}`)}>
      <div className="sg-section-head">
        <h3 className="sg-panel-title">{t(`capability.${capability}`)}</h3>
        <span className="sg-row sg-row-tight">
          <Link to="/templates/$type/grant" params={{ type: template.type }}>
            {t('capabilities.to_grant')}
          </Link>
          <Link to="/audit" search={{ kind: 'effect', capability, template_digest: digest }}>
            {t('capabilities.to_audit')}
          </Link>
        </span>
      </div>
      <div className="sg-two sg-two-even">
        <div>
          <h4 className="sg-small-title">{t('templates.needs')}</h4>
          <Needs template={use} />
        </div>
        <div>
          <h4 className="sg-small-title">{t('templates.grant')}</h4>
          <Rights rights={rights} />
        </div>
      </div>
      {use.functions.length > 0 && (
        <div className="sg-table-box sg-spaced-above">
          <table className="sg-table sg-functions">
            <thead>
              <tr>
                <th scope="col">{t('effects.operation')}</th>
                <th scope="col">{t('capabilities.states.imported')}</th>
                <th scope="col">{t('capabilities.states.declared')}</th>
                <th scope="col">{t('capabilities.states.granted')}</th>
                <th scope="col">{t('capabilities.states.used')}</th>
                <th scope="col">{t('verdict.denied')}</th>
              </tr>
            </thead>
            <tbody>
              {use.functions.map((one) => (
                <Row key={one.operation} capability={capability} one={one} digest={digest} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {use.functions
        .flatMap((one) => offers(capability, one))
        // What was given since needs no offer.
        .filter((right) => withRight(rights, right) !== rights)
        .map((right) => (
          <Offer key={JSON.stringify(right)} type={template.type} right={right} />
        ))}
    </section>
  );
}

function Row({ capability, one, digest }: { capability: string; one: FunctionUse; digest: string }) {
  const { t } = useTranslation();
  return (
    <tr>
      <td className="sg-main-cell" title={one.import ?? undefined}>
        {capability}.{one.operation}
        <small>{one.access.map((access) => t(`access.${access}`)).join(` ${t('capabilities.or')} `)}</small>
      </td>
      <Claim name={t('capabilities.states.imported')} holds={one.import != null} />
      <Claim name={t('capabilities.states.declared')} holds={one.is_declared} />
      <Claim name={t('capabilities.states.granted')} holds={one.is_granted} />
      <td>
        <span className="sg-cell-name">{t('capabilities.states.used')} </span>
        {one.used ? <Met met={one.used} /> : <span className="sg-soft">{t('capabilities.never')}</span>}
      </td>
      <td className={one.denied ? 'sg-tone-failed' : undefined}>
        <span className="sg-cell-name">{t('verdict.denied')} </span>
        {one.denied ? (
          <>
            <Met met={one.denied} />
            {one.denied.reason && (
              <small className="sg-below">
                {t(`capabilities.reasons.${one.denied.reason}`, { defaultValue: one.denied.reason })}
              </small>
            )}
            <Link
              to="/audit"
              search={{
                kind: 'effect',
                capability,
                operation: one.operation,
                refused: 'denied',
                template_digest: digest,
              }}
            >
              {t('capabilities.denials_in_audit')}
            </Link>
          </>
        ) : (
          <span className="sg-soft">{t('capabilities.never')}</span>
        )}
      </td>
    </tr>
  );
}

function Claim({ name, holds }: { name: string; holds: boolean }) {
  const { t } = useTranslation();
  return (
    <td>
      <span className="sg-cell-name">{name} </span>
      {holds ? t('templates.yes') : <span className="sg-soft">{t('templates.no')}</span>}
    </td>
  );
}

function Met({ met }: { met: NonNullable<FunctionUse['used']> }) {
  const { t } = useTranslation();
  return (
    <>
      {t('capabilities.times', { count: met.count, number: number(met.count) })}, <When at={met.last} />
      <small className="sg-below sg-break">{met.targets.join(', ')}</small>
    </>
  );
}
