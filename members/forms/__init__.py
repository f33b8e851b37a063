from members.forms.data_tokens import DataTokenForm
from members.forms.factors import AskFactorResetForm, CodeForm, NewAppForm, NewPasskeyForm, PassphraseAgainForm
from members.forms.joining import DeclineForm, ProposeForm
from members.forms.passphrases import AcceptForm, ChangePassphraseForm, ForgottenForm, NewPassphraseForm
from members.forms.people import AccountForm, ConfirmForm, MoveForm
from members.forms.sign_in import SignInForm

__all__ = [
    "AcceptForm",
    "AccountForm",
    "AskFactorResetForm",
    "ChangePassphraseForm",
    "CodeForm",
    "ConfirmForm",
    "DataTokenForm",
    "DeclineForm",
    "ForgottenForm",
    "MoveForm",
    "NewAppForm",
    "NewPasskeyForm",
    "NewPassphraseForm",
    "PassphraseAgainForm",
    "ProposeForm",
    "SignInForm",
]
