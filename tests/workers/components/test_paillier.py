import phe
import pytest
from gmpy2 import mpz
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.components.paillier import PublicKey, make_key

KEY = make_key(1024)
N = int(KEY.public.n)


@given(st.lists(st.integers(-(2**600), 2**600), max_size=4))
@settings(max_examples=15, deadline=None)
def test_what_is_encrypted_is_decrypted_modulo_n(values):
    wanted = [value % N for value in values]
    assert KEY.decrypt(KEY.encrypt(values)) == wanted
    assert KEY.decrypt(KEY.public.encrypt(values)) == wanted


@given(st.integers(0, 2**500), st.integers(0, 2**500), st.integers(0, 2**100))
@settings(max_examples=10, deadline=None)
def test_multiplying_ciphertexts_adds_plaintexts(first, second, factor):
    one, other = KEY.public.encrypt([first, second])
    square = KEY.public.square
    assert KEY.decrypt([one * other % square, pow(one, factor, square)]) == [first + second, first * factor % N]


def test_it_is_the_cryptosystem_that_phe_implements():
    public = phe.PaillierPublicKey(N)
    private = phe.PaillierPrivateKey(public, int(KEY.p), int(KEY.q))
    assert [private.raw_decrypt(int(each)) for each in KEY.encrypt([5, 2**400])] == [5, 2**400]
    assert KEY.decrypt([mpz(public.raw_encrypt(77))]) == [77]


@pytest.mark.parametrize("encrypt", [KEY.encrypt, KEY.public.encrypt], ids=["private", "public"])
def test_equal_values_never_look_equal(encrypt):
    ciphertexts = encrypt([1] * 100)  # more than what makes a table of powers
    assert len(set(ciphertexts)) == 100
    assert KEY.decrypt(ciphertexts) == [1] * 100


def test_keys_and_ciphertexts_travel():
    public = PublicKey.from_json(KEY.public.to_json())
    sent = public.render(public.encrypt([1, 2, 3]))
    assert len(sent) == 3 * 256
    assert KEY.decrypt(public.parse(sent)) == [1, 2, 3]
    with pytest.raises(ValueError, match="no whole number of ciphertexts"):
        public.parse(sent[:-1])


@pytest.mark.parametrize(
    ("n", "base"),
    [(2**80 - 1, 2), (2**1024, 3), (N, N), (N, int(KEY.p))],
    ids=["too short", "even", "base is n", "base is a factor"],
)
def test_what_is_no_key_is_refused(n, base):
    with pytest.raises(ValueError, match="no Paillier key"):
        PublicKey.from_json({"n": f"{n:x}", "base": f"{base:x}"})


@pytest.mark.parametrize("bits", [1024, 1536])
def test_keys_have_the_bits_that_were_asked_for_and_differ(bits):
    first, second = make_key(bits), make_key(bits)
    assert first.public.n.bit_length() == bits
    assert first.public.n != second.public.n
    assert first.p % 4 == first.q % 4 == 3
