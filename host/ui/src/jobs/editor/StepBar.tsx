import { useTranslation } from 'react-i18next';
import { STEPS, type Step } from './draft';

/** Where one is among the steps; earlier ones can be gone back to. */
export function StepBar({ step, mode, go }: { step: Step; mode: 'new' | 'edit'; go?: (step: Step) => void }) {
  const { t } = useTranslation();
  const shown = mode === 'new' ? STEPS : STEPS.slice(1);
  const place = shown.indexOf(step);
  return (
    <ol className="sg-steps" aria-label={t('editor.steps_label')}>
      {shown.map((name, index) => (
        <li key={name} aria-current={name === step ? 'step' : undefined} data-done={index < place || undefined}>
          {index < place && go ? (
            <a
              href={`#${name}`}
              onClick={(event) => {
                event.preventDefault();
                go(name);
              }}
            >
              {index + 1}. <span className="sg-step-name">{t(`editor.steps.${name}`)}</span>
            </a>
          ) : (
            <span className="sg-step">
              {index + 1}. <span className="sg-step-name">{t(`editor.steps.${name}`)}</span>
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
