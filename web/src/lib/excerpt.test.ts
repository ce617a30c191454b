import { describe, expect, it } from 'vitest';
import { excerpt } from './excerpt';

const text = ['int a;', '  // #region scores', '  int b;', '', '    // #region inner', '    int c;', '    // #endregion', '  // #endregion', '// #region empty', '// #endregion', '// #region open', 'int d;'].join('\n');

describe('excerpt', () => {
  it('takes the lines between the markers, without indentation and without inner markers', () => {
    expect(excerpt('x.cpp', 'scores', text)).toEqual({ code: 'int b;\n\n  int c;', from: 3, to: 7 });
  });
  it.each(['missing', 'empty', 'open'])('refuses %s', (region) => { expect(() => excerpt('x.cpp', region, text)).toThrow(region); });
  it('refuses a region that is opened twice', () => { expect(() => excerpt('x.cpp', 'scores', `${text}\n// #endregion\n${text}`)).toThrow('дважды'); });
  it('refuses a missing file and a path out of the repository', () => {
    expect(() => excerpt('core/none.cpp', 'a')).toThrow('core/none.cpp');
    expect(() => excerpt('../../etc/passwd', 'a')).toThrow('нет');
  });
});
