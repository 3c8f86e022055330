"""Accounts: opened, their keys, mandates and ties, freezes, notices, and their end."""

from registry.api.act import Act
from registry.desk import account_life, freezes, keys, ties

ACTS = (
    Act(path="/accounts", ask=account_life.Open),
    Act(path="/accounts/{account}/keys/add", ask=keys.AddKey),
    Act(path="/accounts/{account}/keys/rotate", ask=keys.RotateKeys),
    Act(path="/accounts/{account}/keys/{key_id}/end", ask=keys.EndKey),
    Act(path="/accounts/{account}/recover/announce", ask=keys.AnnounceRecovery),
    Act(path="/accounts/{account}/recover/stop", ask=keys.StopRecovery),
    Act(path="/accounts/{account}/recover/withdraw", ask=keys.WithdrawRecovery),
    Act(path="/accounts/{account}/recover/complete", ask=keys.CompleteRecovery),
    Act(path="/accounts/{account}/accept-first", ask=account_life.AcceptFirst),
    Act(path="/accounts/{account}/close", ask=account_life.Close),
    Act(path="/accounts/{account}/merge", ask=account_life.Merge),
    Act(path="/accounts/{account}/succeed", ask=account_life.Succeed),
    Act(path="/accounts/{account}/notify", ask=account_life.Notify),
    Act(path="/accounts/notify-all", ask=account_life.NotifyAll),
    Act(path="/accounts/{account}/freeze", ask=freezes.FreezeAccount),
    Act(path="/accounts/{account}/freeze/range", ask=freezes.FreezeRange),
    Act(path="/accounts/{account}/seize", ask=ties.Seize),
    Act(path="/accounts/{account}/devolve", ask=ties.Devolve),
    Act(path="/locks/{lock}/seize", ask=ties.SeizeLocked),
    Act(path="/locks/{lock}/queue", ask=freezes.Queue),
    Act(path="/freezes/{freeze}/renew", ask=freezes.Renew),
    Act(path="/freezes/{freeze}/consent", ask=freezes.Consent),
    Act(path="/freezes/{freeze}/lift", ask=freezes.Lift),
    Act(path="/freezes/{freeze}/end", ask=freezes.End),
    Act(path="/mandates", ask=account_life.GiveMandate),
    Act(path="/mandates/{mandate}/end", ask=account_life.EndMandate),
    Act(path="/pledges", ask=ties.Pledge),
    Act(path="/pledges/{pledge}/release", ask=ties.ReleasePledge),
    Act(path="/reserves", ask=ties.Reserve),
    Act(path="/reserves/{reserve}/settle", ask=ties.Settle),
    Act(path="/reserves/{reserve}/end", ask=ties.EndReserve),
)
